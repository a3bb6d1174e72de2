import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { sqlState } from '@paid-once/service';
import type { QueryRunner } from 'typeorm';
import { enqueue } from './enqueue.js';
import { RelayPass } from './relay-pass.js';
import { OutboxDatabase } from './test/outbox-database.js';
import { Random } from './test/random.js';
import { Recorder } from './test/recorder.js';

const seed = Number(process.env['OUTBOX_SEED'] ?? Date.now() % 1_000_000);
const runForMs = 6_000;
const writers = 12;
const keys = 12;

let outbox: OutboxDatabase;
beforeAll(async () => {
  outbox = await OutboxDatabase.create(process.env['TEST_PAYMENTS_ADMIN_URL']);
  await outbox.database.query(
    'CREATE TABLE thing (key text PRIMARY KEY, version int NOT NULL); CREATE TABLE noise (n int)',
  );
  await outbox.database.query('INSERT INTO thing SELECT unnest($1::text[]), 0', [
    outbox.keysOfShard0.slice(0, keys),
  ]);
});
afterAll(() => outbox.drop());

it('C1 C3 C4 C5 C13: loses no message and keeps the order of every key, whatever writers and relays do', async () => {
  const random = new Random(seed);
  const broker = new Recorder();
  const writing = new AbortController();
  const counts = { passes: 0, committed: 0 };
  const work = Array.from({ length: writers }, (_, index) =>
    writeUntil(writing.signal, random.fork(), `${index}`, counts),
  );
  const relays = [0, 1].map(() => relayUntil(writing.signal, random.fork(), broker, counts));
  setTimeout(() => writing.abort(), runForMs);
  await Promise.all([...work, ...relays]);
  broker.beforeConfirm = () => {};
  const last = newPass(broker, 5);
  while ((await last.run()).kind !== 'drained');
  await last.abandon();

  const versions = await outbox.database.query<{ key: string; version: number }[]>(
    'SELECT key, version FROM thing',
  );
  const published = Map.groupBy(broker.firstOccurrences, ({ key }) => key);
  const report = `seed ${seed}, ${counts.committed} transactions, ${counts.passes} passes, ${broker.rows.length} publishes`;
  for (const { key, version } of versions)
    expect([report, key, published.get(key)?.map(({ payload }) => Number(payload))]).toEqual([
      report,
      key,
      Array.from({ length: version }, (_, index) => index + 1),
    ]);
  expect(counts.committed).toBeGreaterThan(200);
  process.stdout.write(`${report}\n`);
}, 60_000);

/** Raises versions of things and tells about each; the thing's row lock is what orders the transactions of a key. */
async function writeUntil(
  stop: AbortSignal,
  random: Random,
  name: string,
  counts: { committed: number },
): Promise<void> {
  for (let round = 0; !stop.aborted; round++) {
    const runner = outbox.database.createQueryRunner();
    try {
      await runner.startTransaction();
      await write(runner, random, `${name}-${round}`);
      counts.committed++;
    } catch (error) {
      if (!['40P01', '55P03'].includes(sqlState(error) ?? '')) throw error; // deadlocks and lock time-outs roll back
      await runner.rollbackTransaction();
    } finally {
      await runner.release();
    }
  }
}

async function write(runner: QueryRunner, random: Random, name: string): Promise<void> {
  if (random.chance(0.5)) await runner.query('INSERT INTO noise VALUES (1)'); // a transaction id before the lock
  await raiseVersions(runner, random);
  if (random.chance(0.2)) {
    await runner.query('SAVEPOINT inner_part');
    await raiseVersions(runner, random);
    await runner.query(
      random.chance(0.5) ? 'ROLLBACK TO SAVEPOINT inner_part' : 'RELEASE SAVEPOINT inner_part',
    );
  }
  await runner.query('SELECT pg_sleep($1)', [random.chance(0.02) ? 0.7 : random.below(10) / 1_000]);
  const end = random.below(10);
  if (end === 0) await runner.rollbackTransaction();
  else if (end === 1) await commitPrepared(runner, name);
  else await runner.commitTransaction();
}

// TypeORM answers an UPDATE in another shape than a SELECT.
const raiseSql = `WITH raised AS (UPDATE thing SET version = version + 1 WHERE key = $1 RETURNING version) SELECT * FROM raised`;

async function raiseVersions(runner: QueryRunner, random: Random): Promise<void> {
  const [key] = outbox.keysOfShard0.slice(random.below(keys));
  for (let times = 1 + random.below(3); times > 0; times--) {
    const [row] = await runner.manager.query<{ version: number }[]>(raiseSql, [key]);
    await enqueue(runner.manager, [{ type: 'thing.changed', key: key ?? '', payload: String(row?.version) }]);
  }
}

async function commitPrepared(runner: QueryRunner, name: string): Promise<void> {
  await runner.query(`PREPARE TRANSACTION '${name}'`);
  await runner.commitTransaction(); // of nothing
  await runner.query('SELECT pg_sleep(0.01)');
  await runner.query(`COMMIT PREPARED '${name}'`);
}

/** An owner after another, the earlier ones still at work: crashes, lost connections, failing brokers, poor slices. */
async function relayUntil(
  stop: AbortSignal,
  random: Random,
  broker: Recorder,
  counts: { passes: number },
): Promise<void> {
  let pass = newPass(broker, 3);
  const crash = async () => {
    if (random.chance(0.1)) throw new Error('no confirm'); // published, but nobody knows
    if (random.chance(0.1)) await pass.abandon(); // kill -9 after the confirm
    if (random.chance(0.02)) await outbox.killSessions('paid-once relay');
  };
  while (!stop.aborted) {
    broker.beforeConfirm = crash;
    const earlier = pass;
    if (random.chance(0.1)) pass = newPass(broker, 1 + random.below(7));
    await Promise.all(earlier === pass ? [pass.run()] : [earlier.run(), pass.run()]);
    if (earlier !== pass) await earlier.abandon();
    counts.passes++;
  }
  await pass.abandon();
}

function newPass(broker: Recorder, sliceSize: number): RelayPass {
  return new RelayPass({
    database: outbox.relay,
    shard: 0,
    sliceSize,
    publish: broker.lane(),
    mayGoOn: () => true,
  });
}
