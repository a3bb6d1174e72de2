import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { breakKinds, compare, Side, type BreakKind, type Comparison } from '@paid-once/compare';
import { parse } from 'csv-parse/sync';
import { compareUntilAgreed } from '../apps/cli/src/compare-until-agreed.js';
import { run } from '../apps/cli/src/test/run.js';
import { PastTheServices } from './support/past-the-services.js';
import { agreement, eventually, TestStack } from './support/test-stack.js';

jest.setTimeout(90_000);

let system: TestStack;
let behind: PastTheServices;

beforeAll(async () => {
  system = await TestStack.start();
  behind = new PastTheServices(system.stack);
});
afterAll(() => system.stop());
beforeEach(async () => {
  await system.stack.links.healAll();
  await eventually(
    async () => (await fetch(`${system.stack.urls.payments}/payments`, { method: 'DELETE' })).status === 204,
    'everything is empty',
  );
});

const newest = () => behind.sql('ledger', 'SELECT payment_id FROM transfer ORDER BY payment_id DESC LIMIT 1');

async function paid(rows: number): Promise<void> {
  await system.pay(rows);
  expect(await system.compareUntilAgreed()).toMatchObject(agreement(rows));
}

/** What was found and nothing else. */
function only(comparison: Comparison, kind: BreakKind, count: number, euros: string): void {
  expect(breakKinds.filter((each) => comparison.breaks[each].count > 0)).toEqual([kind]);
  expect(comparison.agree).toBe(false);
  const found = comparison.breaks[kind];
  expect(found).toEqual({ count, totals: { EUR: euros }, oldestSeconds: expect.any(Number) });
  expect(found.oldestSeconds).toBeGreaterThanOrEqual(0);
  expect(found.oldestSeconds).toBeLessThan(90);
}

describe('a comparison of two running services', () => {
  it('finds what is safe in the outbox', async () => {
    await system.stack.links.break('relay-rabbitmq');
    await system.pay(3);
    only(await system.compare(), 'inOutbox', 3, '3.00');
  });

  it('finds what is published and not posted, and calls nothing missing while no marker can come through', async () => {
    await system.stack.links.break('ledger-rabbitmq');
    await system.pay(3);
    await eventually(async () => (await system.compare()).breaks.inBroker.count === 3, 'all are published');
    const startedAt = performance.now();
    const waited = await compareUntilAgreed({ ...system.stack.urls, timeoutMs: 2_000 });
    expect(performance.now() - startedAt).toBeLessThan(20_000);
    only(waited, 'inBroker', 3, '3.00');
    await system.stack.links.healAll();
    expect(await system.compareUntilAgreed()).toMatchObject(agreement(3));
  });

  it('finds what could not be published, and its reason', async () => {
    await system.stack.links.break('relay-rabbitmq');
    await system.pay(2);
    await behind.sql(
      'payments',
      `UPDATE outbox_message SET payload = 'not JSON' WHERE id = (SELECT min(id) FROM outbox_message)`,
    );
    await system.stack.links.healAll();
    await eventually(async () => (await system.compare()).breaks.deadLettered.count === 1, 'one is dead');
    await eventually(async () => (await system.compare()).ledger.count === 1, 'the other is posted');
    only(await system.compare(), 'deadLettered', 1, '1.00');
  });

  it('finds what the ledger refused', async () => {
    const [settings] = await behind.sql('ledger', 'SELECT run_id FROM inbox_settings');
    await behind.sql('ledger', 'UPDATE inbox_settings SET run_id = gen_random_uuid()');
    await system.pay(2);
    await eventually(async () => (await system.compare()).breaks.parked.count === 2, 'both are parked');
    only(await system.compare(), 'parked', 2, '2.00');
    await behind.sql('ledger', 'UPDATE inbox_settings SET run_id = $1', [settings!['run_id']]);
  });

  it('finds what payments never accepted', async () => {
    await paid(3);
    const [row] = await newest();
    await behind.sql('payments', 'DELETE FROM payment_event WHERE payment_id = $1', [row!['payment_id']]);
    only(await system.compare(), 'unexpected', 1, '1.00');
  });

  it('finds what was posted twice', async () => {
    await paid(3);
    await behind.sql(
      'ledger',
      `INSERT INTO transfer (payment_id, kind, occurrence, debit_account, credit_account, amount_minor, currency, message_id, shard)
       SELECT payment_id, kind, 1, debit_account, credit_account, amount_minor, currency, message_id, shard
         FROM transfer ORDER BY payment_id LIMIT 1`,
    );
    only(await system.compare(), 'duplicate', 1, '1.00');
  });

  it.each([
    ['with another amount', 'amount_minor = 130', '0.30'],
    ['in another currency', `currency = 'USD'`, '1.00'],
    ['to another account', `credit_account = 'bianca', debit_account = 'marc'`, '1.00'],
  ])('finds what was posted %s', async (_, changed, euros) => {
    await paid(3);
    const [row] = await newest();
    await behind.sql('ledger', `UPDATE transfer SET ${changed} WHERE payment_id = $1`, [row!['payment_id']]);
    only(await system.compare(), 'amountDiffers', 1, euros);
  });

  it('finds a reversal whose payment is not posted, and writes both events to a report', async () => {
    await paid(2);
    const [row] = await newest();
    const id = row!['payment_id']!;
    const reversal = await fetch(`${system.stack.urls.payments}/payments/${id}/reversal`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': 'back' },
      body: '{}',
    });
    expect(reversal.status).toBe(201);
    await eventually(async () => (await system.compare()).agree, 'the reversal is posted');
    await behind.sql('ledger', `DELETE FROM transfer WHERE payment_id = $1 AND kind = 'payment'`, [id]);
    const { breaks } = await system.compare();
    expect(breaks).toMatchObject({ order: { count: 1 }, inBroker: { count: 1, totals: { EUR: '1.00' } } });
    const directory = await mkdtemp(join(tmpdir(), 'paid-once-report-'));
    const file = join(directory, 'breaks.csv');
    const { exitCode } = await run(`compare --json --report ${file}`, { ...system.stack.env });
    expect(exitCode).toBe(1);
    const rows: Record<string, string>[] = parse(await readFile(file, 'utf8'), { columns: true });
    expect(rows).toMatchObject([
      { class: 'inBroker', paymentId: id, type: 'payment.accepted', amount: '1.00', currency: 'EUR' },
      { class: 'order', paymentId: id, type: 'payment.reversed' },
    ]);
    await rm(directory, { recursive: true });
  });
});

describe('while payments flow', () => {
  it('a comparison never sees what is not so, and one of what is older agrees', async () => {
    const stop = new AbortController();
    let flowing = true;
    const writer = (async () => {
      while (!stop.signal.aborted) await system.pay(40, { concurrency: 4 });
    })().finally(() => (flowing = false));
    const payments = new Side('payments', system.stack.urls.payments);
    const until = performance.now() + 12_000;
    let [agreed, most] = [0, 0];
    const impossibleIn = ({ breaks }: Comparison) =>
      breakKinds.filter((kind) => !['inOutbox', 'inBroker'].includes(kind) && breaks[kind].count > 0);
    while (performance.now() < until) {
      expect(impossibleIn(await system.compare())).toEqual([]);
      const { olderThan } = await payments.bound(6);
      const older = await compare({ ...system.stack.urls, olderThan });
      expect(impossibleIn(older)).toEqual([]);
      most = Math.max(most, older.payments.count);
      if (older.agree) agreed++; // a machine that stands still for 6 s has something that old on its way
    }
    expect([flowing, agreed > 3, most > 0]).toEqual([true, true, true]);
    await eventually(
      async () => (await run('compare --older-than 6 --json', { ...system.stack.env })).exitCode === 0,
      'a comparison of what is older agrees while payments flow',
    );
    stop.abort();
    await writer;
    expect(await system.compareUntilAgreed()).toMatchObject({ agree: true });
  });
});
