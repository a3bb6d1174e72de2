import { afterAll, afterEach, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import { pause } from '@paid-once/service';
import { addPaymentsBySql } from './support/bulk-payments.js';
import { isOutboxDrained } from './support/relay-status.js';
import { agreement, eventually, TestStack } from './support/test-stack.js';
import { memoryOf } from './support/process-limits.js';

jest.setTimeout(30 * 60_000);

let system: TestStack;

beforeAll(async () => {
  system = await TestStack.startWithServers();
});
afterAll(() => system?.stop());

const residentMb = async (service: 'relay' | 'ledger') =>
  (await memoryOf(system.stack.services[service].pid!)).resident / 2 ** 20;

let peakMb: number;
let watching: AbortController;
let watched: Promise<void>;
beforeEach(() => {
  [peakMb, watching] = [0, new AbortController()];
});
afterEach(async () => {
  watching.abort();
  await watched;
});
function watchMemory(service: 'relay' | 'ledger'): void {
  watched = (async () => {
    while (!watching.signal.aborted) {
      peakMb = Math.max(peakMb, await residentMb(service));
      await pause(100, watching.signal);
    }
  })();
}

/** How far the relay is, as the average of its shards' places in the outbox: asked without counting rows. */
async function place(): Promise<number> {
  const [row] = await system.sql<{ place: number }>(
    'payments',
    `SELECT avg(after_id)::float AS place
       FROM (SELECT DISTINCT ON (shard) after_id FROM outbox_progress ORDER BY shard, seq DESC) AS newest`,
  );
  return row?.place ?? 0;
}

it('G1: a ledger whose database is away keeps what it was handed, and no more, of 100,000 messages that wait', async () => {
  await addPaymentsBySql(system, 1_000);
  await eventually(async () => (await system.transfersPosted()) === 1_000, 'it is warm');
  const before = await residentMb('ledger');
  await system.stack.links.break('ledger-postgres');
  watchMemory('ledger');
  await addPaymentsBySql(system, 100_000);
  await eventually(() => isOutboxDrained(system), 'all is published', 300_000);
  await pause(5_000);
  expect(await system.transfersPosted()).toBe(1_000);
  process.stderr.write(`a stalled ledger: ${before.toFixed(0)} MB before, at most ${peakMb.toFixed(0)} MB\n`);
  expect(peakMb - before).toBeLessThan(100);
  await system.stack.links.heal('ledger-postgres');
  expect(await system.compareUntilAgreed(600_000)).toMatchObject(agreement(101_000));
});

it('C10: of a million messages that wait the last 100,000 are published as fast as the first, in the same memory', async () => {
  const relay = system.stack.services.relay;
  await relay.stop();
  const start = await place();
  await addPaymentsBySql(system, 1_000_000);
  await relay.restart();
  await eventually(async () => (await place()) > start + 1_000, 'it has begun');
  watchMemory('relay');
  const reached = new Map<number, { at: number; peakMb: number }>();
  for (const mark of [0, 100_000, 500_000, 900_000, 995_000]) {
    await eventually(async () => (await place()) >= start + mark, `it has published ${mark}`, 20 * 60_000);
    reached.set(mark, { at: performance.now(), peakMb });
  }
  const seconds = (from: number, to: number) =>
    ((reached.get(to)?.at ?? 0) - (reached.get(from)?.at ?? 0)) / 1_000;
  const first = 100_000 / seconds(0, 100_000);
  const last = 95_000 / seconds(900_000, 995_000);
  const figures = `${first.toFixed(0)}/s of the first 100,000, ${last.toFixed(0)}/s of the last`;
  process.stderr.write(
    `the relay: ${figures}; at most MB so far ${[...reached.values()].map(({ peakMb: mb }) => mb.toFixed(0)).join()}\n`,
  );
  expect(last / first).toBeGreaterThan(0.6);
  // From the middle on: until then a young process takes the memory that it works with.
  expect(peakMb - (reached.get(500_000)?.peakMb ?? 0)).toBeLessThan(60);
  expect(await system.compareUntilAgreed(20 * 60_000)).toMatchObject({
    agree: true,
    payments: { count: 1_101_000 },
  });
});
