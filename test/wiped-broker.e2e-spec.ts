import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { throwAwayDirectory, type ThrowAwayDirectory } from '@paid-once/infrastructure';
import { shardCount } from '@paid-once/outbox';
import { repairLedgers } from '../apps/cli/src/repair/repair-ledgers.js';
import { isOutboxDrained, relayStatus, untilVerified } from './support/relay-status.js';
import { agreement, eventually, TestStack } from './support/test-stack.js';
import { setUpAgain, wipeBroker } from './support/wipe-broker.js';
import { withAll } from './support/with-all.js';

jest.setTimeout(240_000);

let system: TestStack;
let servers: ThrowAwayDirectory;

afterEach(async () => {
  await system?.stop();
  await servers?.remove();
});

describe("RabbitMQ's data, wiped in the middle of a run", () => {
  it('E5: takes confirmed messages with it; once setup has run again, the repair finds exactly those, and both ledgers agree by themselves', async () => {
    await wipeInTheMiddle({ repairEvery: 1 });
    expect(await system.compareUntilAgreed(60_000)).toMatchObject(agreement(450));
    await untilVerified(system); // what was published again, too
    expect((await relayStatus(system))?.repair.missingFound).toBe(150);
    expect(moneyIn(saidByRelay(/confirmed by RabbitMQ and never reached the ledger/))).toBe(150);
    expect(saidByRelay(/repaired: the ledger has the/).length).toBeGreaterThan(0);
  });

  (withAll ? it : it.skip)(
    'E5: without the repair the ledgers differ by what was lost, and after setup `compare --repair` brings agreement',
    async () => {
      await wipeInTheMiddle({ repairEvery: 0 });
      await eventually(async () => (await system.transfersPosted()) === 300, 'what was not lost is posted');
      const { payments, ledger } = system.stack.urls;
      const { comparison, repaired } = await repairLedgers({
        payments,
        ledger,
        timeoutMs: 60_000,
        who: { by: 'a test', why: 'the disk of the broker was lost' },
        signal: AbortSignal.timeout(90_000),
      });
      expect(repaired).toMatchObject({
        markerArrived: true,
        replayed: { count: 150, totals: { EUR: '150.00' } },
        notInHistory: [],
      });
      expect(comparison).toMatchObject(agreement(450));
      expect((await relayStatus(system))?.repair).toMatchObject({ every: 0, missingFound: 0 });
    },
  );
});

/** Of 450 payments 200 are posted, 150 are confirmed and lost, and 100 are accepted while there is no broker. */
async function wipeInTheMiddle({ repairEvery }: { repairEvery: number }): Promise<void> {
  servers = await throwAwayDirectory('e2e');
  system = await TestStack.startWithServers({
    directory: servers.path,
    durable: false,
    env: { relay: { PAID_ONCE_REPAIR_EVERY_SECONDS: String(repairEvery) } },
  });
  await system.pay(200);
  expect(await system.compareUntilAgreed()).toMatchObject(agreement(200));
  await system.stack.links.break('ledger-rabbitmq');
  await system.pay(150);
  await eventually(() => isOutboxDrained(system), 'RabbitMQ has confirmed all 350');
  // What is to tell that they have arrived is lost with them.
  if (repairEvery > 0)
    await eventually(async () => (await markersOnTheWay()) === shardCount, 'so are markers');
  expect(await system.transfersPosted()).toBe(200);
  await wipeBroker(system.stack, servers.path, () => system.pay(100));
  await setUpAgain(system.stack);
  await system.stack.links.healAll();
}

/** In how many shards the newest marker is published and not at the ledger. */
async function markersOnTheWay(): Promise<number> {
  const [row] = await system.sql<{ count: number }>(
    'payments',
    `SELECT count(*)::int AS count
       FROM (SELECT DISTINCT ON (shard) published_at, verified_at FROM outbox_marker ORDER BY shard, id DESC) AS newest
      WHERE published_at IS NOT NULL
        AND verified_at IS NULL`,
  );
  return row?.count ?? 0;
}

/** The sum of what these lines say was missing, in EUR. */
function moneyIn(lines: string[]): number {
  return lines.reduce((sum, line) => sum + Number(/over EUR ([\d.]+)/.exec(line)?.[1]), 0);
}

function saidByRelay(pattern: RegExp): string[] {
  return system.logged.filter((line) => line.startsWith('relay ') && pattern.test(line));
}
