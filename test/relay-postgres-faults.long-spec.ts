import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { pause } from '@paid-once/service';
import { Client } from 'pg';
import { relayAnswer } from './support/ask.js';
import { PaymentsUnderFault } from './support/payments-under-fault.js';
import { eventually, TestStack } from './support/test-stack.js';

jest.setTimeout(90_000);

/** How long a relay's session may be silent before Postgres ends it and gives its shards away, in milliseconds. */
const idleSessionTimeoutMs = 5_000;

let system: TestStack;
let payments: PaymentsUnderFault;
let pids: (number | undefined)[];

const relays = () => system.stack.instances.relay;
const pidsNow = () => relays().map(({ pid }) => pid);

beforeAll(async () => {
  system = await TestStack.start({
    instances: { relay: 2 },
    env: { relay: { PAID_ONCE_RELAY_SLICE: '10' } },
  });
  payments = new PaymentsUnderFault(system);
  pids = pidsNow();
  await eventually(async () => (await owned()).join() === '2,2', 'both relays have their share');
});
afterAll(() => system?.stop());
afterEach(() => expect(pidsNow()).toEqual(pids));

const owned = async () =>
  Promise.all(relays().map(async ({ url }) => (await relayAnswer(url))?.ownedShards.length ?? 0));

describe('the relays', () => {
  it('C2: publish everybody else’s messages while one transaction stays open, and tell how long that has been', async () => {
    const held = new Client({ connectionString: system.admin.paymentsDb });
    await held.connect();
    try {
      await held.query('BEGIN');
      await held.query(
        `INSERT INTO outbox_message (shard, run_id, type, key, payload)
         SELECT 0, run_id, 'held.back', 'held', '{}' FROM outbox_settings`,
      );
      await payments.pay(100);
      await payments.expectAgreement(10_000); // nobody waits for it
      const firstUrl = relays()[0]!.url;
      await eventually(
        async () => ((await relayAnswer(firstUrl))?.outbox?.openTransactionSeconds ?? 0) > 1,
        'the relay tells since when a transaction is open',
      );
      await held.query('ROLLBACK');
      await eventually(
        async () => ((await relayAnswer(firstUrl))?.outbox?.openTransactionSeconds ?? 0) < 1,
        'it is over',
      );
    } finally {
      await held.end();
    }
  });

  it('C7: one that is frozen past its session’s time-out and wakes up in the middle of a slice posts nothing twice and moves no progress', async () => {
    const [frozen, other] = relays();
    const epochsBefore = await epochs();
    await payments.whilePaying(async () => {
      await eventually(async () => ((await relayAnswer(frozen!.url))?.published ?? 0) > 0, 'it publishes');
      await frozen!.kill('SIGSTOP');
      await eventually(
        async () => (await relayAnswer(other!.url))?.ownedShards.length === 4,
        'the other one has taken over',
        idleSessionTimeoutMs + 5_000,
      );
      await pause(500);
      await frozen!.kill('SIGCONT');
      await eventually(async () => (await owned()).join() === '2,2', 'they share again');
    });
    await payments.expectAgreement();
    const epochsAfter = await epochs();
    expect(epochsAfter.reduce((sum, epoch) => sum + epoch, 0)).toBeGreaterThan(
      epochsBefore.reduce((sum, epoch) => sum + epoch, 0), // whatever the frozen one still held is refused
    );
  });

  it('C12: whose listening session is killed find what was paid by looking, within a second or two', async () => {
    await payments.expectAgreement();
    await system.sql(
      'payments',
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name LIKE 'paid-once relay%locks'`,
    );
    const paidAt = performance.now();
    await payments.pay(4);
    await payments.expectAgreement();
    expect(performance.now() - paidAt).toBeLessThan(4_000);
    await eventually(async () => (await owned()).join() === '2,2', 'both relays have their share again');
  });

  it('C13: whose database goes away between confirm and progress publish again, and nothing is posted twice', async () => {
    await payments.whilePaying(async () => {
      for (let times = 0; times < 3; times++) {
        await pause(300);
        await system.stack.links.break('relay-postgres');
        await pause(500);
        await system.stack.links.heal('relay-postgres');
      }
    });
    await payments.expectAgreement();
    await eventually(async () => (await owned()).join() === '2,2', 'both relays have their share again');
  });

  it('C4: started and stopped in turn, as by a rolling restart, post everything once', async () => {
    pids = [];
    await payments.whilePaying(async () => {
      for (const relay of relays()) await relay.restart();
    });
    await payments.expectAgreement();
    pids = pidsNow();
  });
});

async function epochs(): Promise<number[]> {
  const rows = await system.sql<{ epoch: string }>(
    'payments',
    'SELECT DISTINCT ON (shard) epoch FROM outbox_progress ORDER BY shard, seq DESC',
  );
  return rows.map(({ epoch }) => Number(epoch));
}
