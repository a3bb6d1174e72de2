import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, jest } from '@jest/globals';
import type { PostgresServer } from '@paid-once/infrastructure';
import { Client } from 'pg';
import { DebianPostgres } from './support/debian-postgres.js';
import { itNeeding } from './support/it-needing.js';
import { eventually, TestStack } from './support/test-stack.js';

jest.setTimeout(120_000);

const run = promisify(execFile);
const missing = await DebianPostgres.whyNot();

describe('a payments database that was restored from a dump into a new cluster', () => {
  let postgres: DebianPostgres;
  let before: PostgresServer;
  let system: TestStack;
  beforeAll(async () => {
    if (missing !== undefined) return;
    postgres = await DebianPostgres.create();
    before = await postgres.start('before');
    await useTransactionIds(before, 20_000);
    system = await TestStack.start({ throwAway: { payments: before.adminUrl('postgres') } });
  });
  afterAll(async () => {
    await system?.stop();
    await postgres?.remove();
  });

  /** Pays EUR 1 and takes it back at once: two messages that must arrive in this order. */
  async function payAndReverse(times: number): Promise<void> {
    for (let payment = 0; payment < times; payment++) {
      const paid = await post('/payments', { src: 'bianca', dest: 'marc', amount: '1' });
      await post(`/payments/${paid.id}/reversal`, {});
    }
  }

  async function post(path: string, body: object): Promise<{ id: string }> {
    const response = await fetch(`${system.stack.urls.payments}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID() },
      body: JSON.stringify(body),
    });
    expect(response.status).toBe(201);
    return (await response.json()) as { id: string };
  }

  const ready = (service: 'payments' | 'relay') => fetch(`${system.stack.urls[service]}/health/ready`);

  itNeeding(missing)(
    'loses nothing and pays nothing twice: the relay stands still, says why, and goes on after the rebase',
    async () => {
      await system.pay(60);
      await payAndReverse(10);
      expect((await system.compareUntilAgreed()).agree).toBe(true);
      await system.stack.links.break('relay-rabbitmq');
      await system.pay(40); // pending at the dump
      await payAndReverse(10);

      const database = new URL(system.admin.paymentsDb).pathname.slice(1);
      const dump = await postgres.dump(before, database);
      await before.kill('SIGKILL');
      const after = await postgres.start('after');
      await postgres.restore(after, database, dump);
      await system.movePayments(after);
      await system.stack.links.heal('relay-rabbitmq');
      await eventually(async () => (await ready('payments')).ok, 'payments are ready on the new cluster');
      await system.pay(20); // written before the rebase
      await payAndReverse(10);

      const words = /belongs to the cluster \d+, this is \d+.*paid-once outbox rebase/;
      await eventually(async () => words.test(await (await ready('relay')).text()), 'the relay says why');
      expect((await ready('relay')).status).toBe(503);
      await eventually(
        () => system.logged.some((line) => line.startsWith('relay ') && words.test(line)),
        'it is logged',
      );
      const during = await system.compare();
      expect(during.ledger.count).toBe(70); // nothing moves
      expect(during.breaks.missing.count).toBe(0);

      const { stdout } = await run(
        process.execPath,
        ['apps/cli/bin/paid-once.mjs', 'outbox', 'rebase', '--json'],
        { env: { PAID_ONCE_PAYMENTS_ADMIN_DB_URL: system.admin.paymentsDb } },
      );
      const [now] = await system.sql<{ id: string }>(
        'payments',
        'SELECT system_identifier::text AS id FROM pg_control_system()',
      );
      const rows = 60 + 40 + 20 + 3 * 20;
      expect(JSON.parse(stdout)).toEqual({ rows, shards: 4, systemIdentifier: now?.id });

      const { ledger, ...rest } = await system.compareUntilAgreed();
      expect({ ...rest, ledger }).toMatchObject({
        agree: true,
        payments: { count: 150 },
        ledger: { count: 150 },
      });
      expect(await system.transfersPosted()).toBe(rows);
      const status = (await (await fetch(`${system.stack.urls.ledger}/status`)).json()) as {
        duplicates: { message: number };
        parked: object;
      };
      expect(status.duplicates.message).toBeGreaterThanOrEqual(80); // what had been published came again
      expect(status.parked).toEqual({}); // no reversal came before its payment
      await system.pay(5);
      expect((await system.compareUntilAgreed()).agree).toBe(true);
    },
  );
});

/** As a database that has been at work for a while: the new cluster's transaction ids begin far below. */
async function useTransactionIds(server: PostgresServer, count: number): Promise<void> {
  const client = new Client({ connectionString: server.adminUrl('postgres') });
  await client.connect();
  await client.query(
    `DO $$ BEGIN FOR n IN 1..${count} LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$`,
  );
  await client.end();
}
