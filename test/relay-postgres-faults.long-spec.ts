import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Client } from 'pg';
import { ledgerAnswer, relayAnswer } from './support/ask.js';
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
afterEach(async () => {
  await system.stack.links.healAll();
  expect(pidsNow()).toEqual(pids);
});

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

  it('C7: one that is frozen in the middle of a slice, past its session’s time-out, and wakes up posts nothing twice and moves no progress', async () => {
    const [frozen, other] = relays();
    const shards = (await relayAnswer(frozen!.url))!.ownedShards;
    const before = { posted: await postedOf(shards), duplicates: await duplicates() };
    await system.stack.links.breakWith('relay-rabbitmq', { kind: 'slow', ms: 2_000 }); // so long a slice is open
    const paying = payments.pay(40);
    await eventually(async () => (await postedOf(shards)) > before.posted, 'it has published');
    await frozen!.kill('SIGSTOP');
    const open = await openWindows(shards);
    expect(open).not.toEqual([]);
    await system.stack.links.heal('relay-rabbitmq');
    await eventually(
      async () => (await relayAnswer(other!.url))?.ownedShards.length === 4,
      'the other one has taken over',
      idleSessionTimeoutMs + 5_000,
    );
    await frozen!.kill('SIGCONT');
    await eventually(async () => (await owned()).join() === '2,2', 'they share again');
    await paying;
    await payments.expectAgreement();
    await eventually(async () => (await duplicates()) > before.duplicates, 'it was published by both');
    for (const { shard, seq, epoch } of open)
      expect(await lowestEpochAfter(shard, seq)).toBeGreaterThan(Number(epoch)); // by the other alone
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
    const all = [0, 1, 2, 3];
    for (let times = 0; times < 3; times++) {
      const before = {
        posted: await postedOf(all),
        confirmed: await confirmed(),
        duplicates: await duplicates(),
      };
      await system.stack.links.breakWith('relay-rabbitmq', { kind: 'slow', ms: 500 });
      const paying = payments.pay(40);
      await eventually(async () => (await postedOf(all)) > before.posted, 'they have published');
      const letProgress = await system.holdTransaction(
        'payments',
        'LOCK TABLE outbox_progress IN EXCLUSIVE MODE',
      );
      await eventually(async () => (await confirmed()) > before.confirmed, 'it is confirmed');
      await system.stack.links.break('relay-postgres');
      await system.sql(
        'payments',
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND application_name LIKE 'paid-once relay%'`,
      );
      await letProgress();
      await system.stack.links.healAll();
      await paying;
      await payments.expectAgreement();
      expect(await duplicates()).toBeGreaterThan(before.duplicates);
    }
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

const confirmed = async () =>
  (await Promise.all(relays().map(async ({ url }) => (await relayAnswer(url))?.published ?? 0))).reduce(
    (sum, published) => sum + published,
  );

const duplicates = async () => (await ledgerAnswer(system.stack.urls.ledger))?.duplicates.message ?? 0;

async function postedOf(shards: number[]): Promise<number> {
  const [row] = await system.sql<{ count: number }>(
    'ledger',
    'SELECT count(*)::int AS count FROM transfer WHERE shard = ANY ($1)',
    [shards],
  );
  return row?.count ?? 0;
}

/** The newest progress of those of these shards that are in the middle of a window. */
async function openWindows(shards: number[]) {
  return system.sql<{ shard: number; seq: string; epoch: string }>(
    'payments',
    `SELECT shard, seq, epoch
       FROM (SELECT DISTINCT ON (shard) * FROM outbox_progress ORDER BY shard, seq DESC) AS newest
      WHERE horizon IS NOT NULL
        AND shard = ANY ($1)`,
    [shards],
  );
}

async function lowestEpochAfter(shard: number, seq: string): Promise<number> {
  const [row] = await system.sql<{ epoch: string }>(
    'payments',
    'SELECT min(epoch) AS epoch FROM outbox_progress WHERE shard = $1 AND seq > $2',
    [shard, seq],
  );
  return Number(row?.epoch);
}
