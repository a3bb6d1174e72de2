import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Client } from 'pg';
import { agreement, TestStack } from './support/test-stack.js';

jest.setTimeout(120_000);

describe('a payments database that crashes and uses transaction ids again', () => {
  let system: TestStack;
  beforeAll(async () => {
    system = await TestStack.startWithServers({
      durable: true,
      postgresSettings: { wal_writer_delay: '10s' }, // what aborts is written to disk only now and then
    });
  });
  afterAll(() => system.stop());

  // Ids of transactions that wrote nothing are in no log: after a crash they are handed out once more. A horizon that was
  // only in memory would already hold them, and what they write would never be published.
  it('B13: needs no rebase: the relay goes on by itself, and nothing is lost', async () => {
    await system.pay(30);
    expect(await system.compareUntilAgreed()).toMatchObject(agreement(30));
    await system.stack.links.break('relay-rabbitmq');
    await system.pay(20);
    const last = await rolledBackTransactions(system.admin.paymentsDb, 60);
    const server = system.stack.servers?.paymentsDb;
    await server?.kill('SIGKILL');
    await server?.restart();
    const [next] = await system.sql<{ xid: string }>('payments', 'SELECT pg_current_xact_id()::text AS xid');
    expect(Number(next?.xid)).toBeLessThanOrEqual(last);
    const paying = system.pay(50); // with ids that were used before
    await system.stack.links.heal('relay-rabbitmq');
    expect((await paying).summary).toMatchObject({ failed: 0 });
    expect(await system.compareUntilAgreed()).toMatchObject(agreement(100));
    expect(system.logged.filter((line) => line.includes('outbox rebase'))).toEqual([]);
  });
});

/** @returns the id of the last one */
async function rolledBackTransactions(url: string, count: number): Promise<number> {
  const client = new Client({ connectionString: url });
  client.on('error', () => {}); // the server is killed right after
  await client.connect();
  const transaction = 'BEGIN; SELECT pg_current_xact_id()::text AS xid; ROLLBACK;';
  const results: unknown = await client.query(transaction.repeat(count));
  const [, last] = (results as { rows: { xid: string }[] }[]).slice(-3);
  return Number(last?.rows[0]?.xid);
}
