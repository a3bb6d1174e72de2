import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { sqlState } from '@paid-once/service';
import type { EntityManager } from 'typeorm';
import {
  dropDeadLetters,
  enqueue,
  listDeadLetters,
  openInterventions,
  requestMarkers,
  requestRedrive,
  requestReplay,
  Unpublishable,
} from './index.js';
import { RelayPass } from './relay-pass.js';
import { OutboxDatabase } from './test/outbox-database.js';
import { Random } from './test/random.js';
import { Recorder } from './test/recorder.js';
import type { OutboxRow } from './window.js';

const seed = Number(process.env['OUTBOX_SEED'] ?? Date.now() % 1_000_000);
const runForMs = 6_000;
const writers = 6;
const keys = 8;
const mostOpen = 5;
const who = { by: 'test', why: 'chance' };

let outbox: OutboxDatabase;
beforeAll(async () => {
  outbox = await OutboxDatabase.create(process.env['TEST_PAYMENTS_ADMIN_URL']);
  await outbox.database.query('CREATE TABLE thing (key text PRIMARY KEY, version int NOT NULL)');
  await outbox.database.query('INSERT INTO thing SELECT unnest($1::text[]), 0', [names()]);
}, 30_000);
afterAll(() => outbox.drop());

const names = () => outbox.keysOfShard0.slice(0, keys);

/** A broker that finds some messages too large at first sight, until somebody raises its limit. */
class Picky {
  readonly broker = new Recorder();
  readonly tooLarge = new Set<string>();
  private readonly seen = new Set<string>();

  constructor(private readonly random: Random) {}

  readonly publish = async (shard: number, rows: OutboxRow[]): Promise<void> => {
    const first = rows.findIndex((row) => this.refuses(row));
    await this.broker.publish(shard, first === -1 ? rows : rows.slice(0, first));
    const refused = rows[first];
    if (refused) throw new Unpublishable([{ messageId: refused.message_id, reason: 'too large' }]);
  };

  private refuses({ message_id }: OutboxRow): boolean {
    if (!this.seen.has(message_id) && this.random.chance(0.03)) this.tooLarge.add(message_id);
    this.seen.add(message_id);
    return this.tooLarge.has(message_id);
  }
}

it('a replay or redrive between live slices never inverts first occurrences of a key, and loses none', async () => {
  const random = new Random(seed);
  const picky = new Picky(random.fork());
  const writing = new AbortController();
  const counts = { written: 0, replays: 0, redrives: 0, dropped: 0 };
  const work = [
    ...Array.from({ length: writers }, () => writeUntil(writing.signal, random.fork(), counts)),
    operateUntil(writing.signal, random.fork(), picky, counts),
    relayUntil(writing.signal, random.fork(), picky),
    relayUntil(writing.signal, random.fork(), picky),
  ];
  // Dice decide what happens when: on a slow machine something may not have happened by then.
  const [endAt, latestEndAt] = [performance.now() + runForMs, performance.now() + 45_000];
  const watching = setInterval(() => {
    const now = performance.now();
    const hasAll = Math.min(counts.replays, counts.redrives, counts.dropped) > 0;
    if (now > latestEndAt || (now > endAt && hasAll)) writing.abort();
  }, 100);
  await Promise.all(work).finally(() => clearInterval(watching));
  picky.broker.beforeConfirm = () => {};
  await settle(picky);

  const report = `seed ${seed}, ${JSON.stringify(counts)}, ${picky.broker.rows.length} publishes`;
  const versions = await outbox.database.query<{ key: string; version: number }[]>(
    'SELECT key, version FROM thing',
  );
  const givenUp = await droppedMessages();
  const isKept = (key: string, payload: string | number) => !givenUp.has(`${key} ${payload}`);
  const published = Map.groupBy(
    picky.broker.firstOccurrences.filter(({ key, payload }) => isKept(key, payload)),
    ({ key }) => key,
  );
  for (const { key, version } of versions)
    expect([report, key, published.get(key)?.map(({ payload }) => Number(payload))]).toEqual([
      report,
      key,
      Array.from({ length: version }, (_, index) => index + 1).filter((n) => isKept(key, n)),
    ]);
  expect(counts.written).toBeGreaterThan(100);
  expect(Math.min(counts.replays, counts.redrives, counts.dropped)).toBeGreaterThan(0);
  process.stdout.write(`${report}\n`);
}, 120_000);

async function writeUntil(stop: AbortSignal, random: Random, counts: { written: number }): Promise<void> {
  while (!stop.aborted) {
    try {
      await outbox.database.transaction((tx) => write(tx, random));
      counts.written++;
    } catch (error) {
      if (sqlState(error) !== '55P03') throw error; // waited too long for the key: rolled back, nothing was written
    }
  }
}

async function write(tx: EntityManager, random: Random): Promise<void> {
  const key = names()[random.below(keys)] ?? '';
  // TypeORM answers an UPDATE in another shape than a SELECT.
  const [row] = await tx.query<{ version: number }[]>(
    'WITH raised AS (UPDATE thing SET version = version + 1 WHERE key = $1 RETURNING version) SELECT * FROM raised',
    [key],
  );
  await enqueue(tx, [{ type: 'thing.changed', key, payload: String(row?.version) }]);
  await tx.query('SELECT pg_sleep($1)', [random.chance(0.02) ? 0.4 : random.below(10) / 1_000]);
}

/**
 * Asks for all kinds of things, at all times. Only some wait at once: they are done one after the other, and a drop must
 * wait for all redrives before it.
 */
async function operateUntil(
  stop: AbortSignal,
  random: Random,
  picky: Picky,
  counts: { replays: number; redrives: number; dropped: number },
): Promise<void> {
  const db = outbox.database;
  while (!stop.aborted) {
    await db.query('SELECT pg_sleep(0.1)');
    if (random.chance(0.2)) await requestMarkers(db, [0]);
    const maySome = (await openInShard0()) < mostOpen;
    if (random.chance(0.3) && maySome) {
      await requestReplay(db, random.chance(0.5) ? { sinceSeconds: 1 } : { keys: names().slice(0, 3) }, who);
      counts.replays++;
    }
    if (random.chance(0.5) && maySome) {
      picky.tooLarge.forEach((id) => random.chance(0.7) && picky.tooLarge.delete(id)); // some fail again
      const { messages } = await requestRedrive(
        db,
        random.chance(0.7) ? { all: true } : { reason: 'behind' },
        who,
      );
      if (messages > 0) counts.redrives++;
    }
    if (random.chance(0.25)) {
      await untilRedriven(stop); // until then nothing can be dropped
      counts.dropped += await dropTheFirst();
    }
  }
}

async function openInShard0(): Promise<number> {
  const [row] = await outbox.database.query<{ open: number }[]>(
    'SELECT count(*)::int AS open FROM outbox_intervention WHERE shard = 0 AND finished_at IS NULL',
  );
  return row?.open ?? 0;
}

async function untilRedriven(stop: AbortSignal): Promise<void> {
  const open = `SELECT FROM outbox_intervention WHERE kind = 'redrive' AND finished_at IS NULL`;
  while (!stop.aborted && (await outbox.database.query<object[]>(open)).length > 0)
    await outbox.database.query('SELECT pg_sleep(0.02)');
}

/** One owner after another, some of them still at work when the next one begins, some of them dying. */
async function relayUntil(stop: AbortSignal, random: Random, picky: Picky): Promise<void> {
  const poorPass = () => newPass(picky, 1 + random.below(7), 1 + random.below(40));
  let pass = poorPass();
  while (!stop.aborted) {
    picky.broker.beforeConfirm = async () => {
      if (random.chance(0.05)) throw new Error('no confirm');
      if (random.chance(0.05)) await pass.abandon();
    };
    const earlier = pass;
    if (random.chance(0.2)) pass = poorPass();
    await Promise.all(earlier === pass ? [pass.run()] : [earlier.run(), pass.run()]);
    if (earlier !== pass) await earlier.abandon();
  }
  await pass.abandon();
}

/** Only those that died themselves: what was behind them stays. @returns how many */
async function dropTheFirst(): Promise<number> {
  const first = { reason: 'too large' };
  const found = await listDeadLetters(outbox.database, first, '0', 1_000);
  const expected = found.filter(({ droppedAt }) => droppedAt === null).length;
  const outcome = await outbox.database.transaction((tx) => dropDeadLetters(tx, first, expected, who));
  return 'dropped' in outcome ? outcome.dropped : 0;
}

async function droppedMessages(): Promise<Set<string>> {
  const given = await listDeadLetters(outbox.database, {}, '0', 100_000);
  return new Set(given.map(({ key, payload }) => `${key} ${payload}`));
}

async function settle(picky: Picky): Promise<void> {
  picky.tooLarge.clear();
  for (let redriven = 1; redriven > 0;) {
    redriven = (await requestRedrive(outbox.database, { all: true }, who)).messages;
    for (let open = 1; open > 0; open = await openInterventions(outbox.database)) {
      const pass = newPass(picky, 1_000, 10_000);
      while ((await pass.run()).kind !== 'drained') picky.tooLarge.clear();
      await pass.abandon();
      picky.tooLarge.clear();
      await outbox.database.query('UPDATE outbox_intervention SET finished_at = now() WHERE shard <> 0');
    }
  }
}

function newPass(picky: Picky, sliceSize: number, replaySlice: number): RelayPass {
  return new RelayPass({
    database: outbox.relay,
    shard: 0,
    sliceSize,
    replaySlice,
    publish: picky.publish,
    mayGoOn: () => true,
  });
}
