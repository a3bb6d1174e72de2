import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { throwAwayDirectory, type ThrowAwayDirectory } from '@paid-once/infrastructure';
import { shardCount } from '@paid-once/outbox';
import { run } from '../apps/cli/src/test/run.js';
import { isOutboxDrained, relayStatus, untilVerified } from './support/relay-status.js';
import { agreement, eventually, TestStack } from './support/test-stack.js';
import { setUpAgain, wipeBroker } from './support/wipe-broker.js';

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

  it('E5: without the repair `compare --wait` names exactly the messages that were lost, and `compare --repair` brings agreement', async () => {
    const lost = await wipeInTheMiddle({ repairEvery: 0 });
    await eventually(async () => (await system.transfersPosted()) === 300, 'what was not lost is posted');
    const report = join(servers.path, 'breaks.json');
    const named = await run(`compare --wait --timeout 10 --report ${report}`, { ...system.stack.env });
    expect(named.exitCode).toBe(1);
    const rows = JSON.parse(await readFile(report, 'utf8')) as { class: string; messageId: string }[];
    expect(new Set(rows.map((row) => row.class))).toEqual(new Set(['missing']));
    expect(rows.map(({ messageId }) => messageId).toSorted()).toEqual(lost);

    const { exitCode, stdout } = await run('compare --repair --json', { ...system.stack.env });
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      ...agreement(450),
      repair: {
        markerArrived: true,
        replayed: { count: 150, totals: { EUR: '150.00' } },
        notInHistory: [],
      },
    });
    expect((await relayStatus(system))?.repair).toMatchObject({ every: 0, missingFound: 0 });
  });
});

/**
 * Of 450 payments 200 are posted, 150 are confirmed and lost, and 100 are accepted while there is no broker.
 * @returns the message ids of what is lost, sorted
 */
async function wipeInTheMiddle({ repairEvery }: { repairEvery: number }): Promise<string[]> {
  servers = await throwAwayDirectory('e2e');
  system = await TestStack.startWithServers({
    directory: servers.path,
    durable: false,
    env: { relay: { PAID_ONCE_REPAIR_EVERY_SECONDS: String(repairEvery) } },
  });
  await system.pay(200);
  expect(await system.compareUntilAgreed()).toMatchObject(agreement(200));
  await system.stack.links.break('ledger-rabbitmq');
  const posted = new Set(await messageIds());
  await system.pay(150);
  await eventually(() => isOutboxDrained(system), 'RabbitMQ has confirmed all 350');
  // What is to tell that they have arrived is lost with them.
  if (repairEvery > 0)
    await eventually(async () => (await markersOnTheWay()) === shardCount, 'so are markers');
  expect(await system.transfersPosted()).toBe(200);
  const lost = (await messageIds()).filter((id) => !posted.has(id));
  await wipeBroker(system.stack, servers.path, () => system.pay(100));
  await setUpAgain(system.stack);
  await system.stack.links.healAll();
  return lost;
}

/** Of all that was accepted so far, sorted. */
async function messageIds(): Promise<string[]> {
  const rows = await system.sql<{ id: string }>(
    'payments',
    'SELECT message_id AS id FROM payment_event ORDER BY 1',
  );
  return rows.map(({ id }) => id);
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
