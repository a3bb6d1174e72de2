import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  startPostgres,
  throwAwayDirectory,
  type PostgresServer,
  type ThrowAwayDirectory,
} from '@paid-once/infrastructure';
import { HeldConnection } from './held-connection.js';
import { RelayPass } from './relay-pass.js';
import { beatSql } from './sql/beat.js';
import { openWindowSql } from './sql/open-window.js';
import { readSliceSql } from './sql/read-slice.js';
import { lockClass, memberLock } from './shard-ownership.js';
import { OutboxDatabase } from './test/outbox-database.js';
import { openWindow, readSlice, takeShard, type Progress } from './window.js';

const million = 1_000_000;
const figures: Record<string, string> = {};

/**
 * What one look costs must follow from what waits, never from history; whatever the planner knows about the table.
 * The limits are generous, many times what is measured, and far below what a wrong plan takes.
 */
describe('behind a million published rows', () => {
  // A server of its own: its transaction that stays open for a minute holds the retention of every database back.
  let place: ThrowAwayDirectory;
  let server: PostgresServer | undefined;
  let outbox: OutboxDatabase;
  let early: HeldConnection; // its statements were planned when the table was empty
  let straggler: Awaited<ReturnType<OutboxDatabase['session']>>;
  let snapshot: Awaited<ReturnType<OutboxDatabase['session']>>;
  let pass: RelayPass;

  beforeAll(async () => {
    place = await throwAwayDirectory('window-plans');
    server = await startPostgres({ directory: `${place.path}/postgres`, durable: false });
    outbox = await OutboxDatabase.create(server.adminUrl('postgres'));
    await outbox.database.query('ALTER TABLE outbox_message SET (autovacuum_enabled = off)');
    early = await HeldConnection.open(outbox.relay);
    await early.query(`SET plan_cache_mode = force_generic_plan`);
    await early.query(`PREPARE open_window (smallint, bigint) AS ${openWindowSql}`);
    await early.query(
      `PREPARE slice (smallint, pg_snapshot, pg_snapshot, bigint, bigint, bigint, bigint) AS ${readSliceSql}`,
    );
    await early.query(`PREPARE beat (oid, bigint) AS ${beatSql}`);
    await early.query('EXECUTE open_window (0, 0)');
    await early.query(`EXECUTE slice (0, '3:3:', '3:3:', 0, 0, 0, 10)`);
    await early.query(`EXECUTE beat (${lockClass}, ${memberLock})`);

    snapshot = await outbox.session();
    await snapshot.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await snapshot.query('SELECT 1 FROM outbox_message LIMIT 1');
    straggler = await outbox.session();
    await straggler.query('BEGIN');
    await insert(straggler, 6);
    for (let portions = 0; portions < 100; portions++) await insert(outbox.database, million / 100);
    pass = newPass();
    const startedAt = performance.now();
    expect(await pass.run()).toEqual({ kind: 'drained' });
    figures['a million rows in one window, ms'] = (performance.now() - startedAt).toFixed(0);
  }, 240_000);
  afterAll(async () => {
    process.stdout.write(`${JSON.stringify(figures, null, 1)}\n`);
    await pass.abandon();
    await early.destroy();
    await Promise.all([straggler.end(), snapshot.end()]);
    await outbox.drop();
    await server?.stop({ quick: true });
    await place.remove();
  }, 60_000);

  const newPass = () =>
    new RelayPass({
      database: outbox.relay,
      shard: 0,
      sliceSize: 10_000,
      publish: async (_shard, rows) => void published.push(...rows.map(({ id }) => id)),
      mayGoOn: () => true,
    });
  const published: string[] = [];

  describe.each([
    ['with statistics of an empty table and an old snapshot held', async () => {}],
    ['after ANALYZE, the snapshot still held', () => outbox.database.query('ANALYZE outbox_message')],
    [
      'after VACUUM ANALYZE, no snapshot held',
      async () => {
        await snapshot.query('ROLLBACK');
        await outbox.database.query('VACUUM ANALYZE outbox_message');
      },
    ],
  ])('%s', (state, arrange) => {
    beforeAll(async () => void (await arrange()), 60_000);

    it('C10: an empty poll takes milliseconds, planned now or when the table was empty', async () => {
      const connection = await HeldConnection.open(outbox.relay);
      const progress = await newest();
      const now = await medianMs(async () => expect(await openWindow(connection, progress)).toBe(progress));
      const cached = await medianMs(() => early.query(`EXECUTE open_window (0, ${progress.seq})`));
      const beat = await medianMs(() => connection.query(beatSql, [lockClass, memberLock]));
      await connection.giveBack();
      note(`empty poll, ${state}: own plan / plan of the empty table / beat, ms`, now, cached, beat);
      expect(Math.max(now, cached, beat)).toBeLessThan(25);
    });

    it('C10: a slice of a window of thousands of rows takes milliseconds, planned now or when the table was empty', async () => {
      await insert(outbox.database, 5_000);
      const connection = await HeldConnection.open(outbox.relay);
      await pass.abandon();
      const window = await openWindow(connection, await newest());
      const read = () => readSlice(connection, window, window.after_id, 1_000);
      const rows = await read();
      const now = await medianMs(read);
      const cached = await medianMs(() => readAsPlannedEarly(window));
      await connection.giveBack();
      note(`slice of 1,000, ${state}: own plan / plan of the empty table, ms`, now, cached);
      expect(rows).toHaveLength(1_000);
      expect(Math.max(now, cached)).toBeLessThan(250);
      expect(await pass.run()).toEqual({ kind: 'drained' });
    });
  });

  it('C2: a transaction that was held open all the time costs milliseconds when it commits', async () => {
    await straggler.query('COMMIT');
    await pass.abandon();
    pass = newPass(); // without the rest after the last window
    published.length = 0;
    const startedAt = performance.now();
    expect(await pass.run()).toEqual({ kind: 'drained' });
    const tookMs = performance.now() - startedAt;
    figures['a straggler of 6 rows behind a million, window opened, published and closed, ms'] =
      tookMs.toFixed(1);
    expect(published).toHaveLength(6);
    expect(tookMs).toBeLessThan(250);
  });

  it('C10: a short window that stays open costs milliseconds, however much comes after it, for its next owner too', async () => {
    await pass.abandon();
    const connection = await HeldConnection.open(outbox.relay);
    await insert(outbox.database, 5);
    const window = await openWindow(connection, await newest());
    for (let portions = 0; portions < 50; portions++) await insert(outbox.database, million / 100);
    const read = async (progress: Progress) =>
      expect(await readSlice(connection, progress, progress.after_id, 1_000)).toHaveLength(5);
    const now = await medianMs(() => read(window));
    const cached = await medianMs(() => readAsPlannedEarly(window));
    const startedAt = performance.now();
    const taken = await takeShard(connection, 0);
    const takingMs = performance.now() - startedAt;
    const next = await medianMs(() => read(taken));
    await connection.giveBack();
    note(
      '5 rows before half a million, ms: slice / planned early / shard taken / slice',
      now,
      cached,
      takingMs,
      next,
    );
    expect(Math.max(now, cached, takingMs, next)).toBeLessThan(25);
  }, 240_000);

  it('C10: a slice costs milliseconds, however much of other shards lies between its rows', async () => {
    await pass.abandon();
    pass = newPass();
    while ((await pass.run()).kind !== 'drained');
    await pass.abandon();
    await insert(outbox.database, 3);
    for (let portions = 0; portions < 25; portions++) await insert(outbox.database, million / 100, 1);
    await insert(outbox.database, 2);
    const connection = await HeldConnection.open(outbox.relay);
    const window = await openWindow(connection, await newest());
    const read = async () =>
      expect(await readSlice(connection, window, window.after_id, 1_000)).toHaveLength(5);
    const now = await medianMs(read);
    const cached = await medianMs(() => readAsPlannedEarly(window));
    await connection.giveBack();
    note('5 rows around a quarter of a million of another shard, ms: slice / planned early', now, cached);
    expect(Math.max(now, cached)).toBeLessThan(25);
  }, 120_000);

  function readAsPlannedEarly({
    base,
    horizon,
    fresh_from,
    fresh_to,
    after_id,
  }: Progress): Promise<unknown[]> {
    return early.query(
      `EXECUTE slice (0, '${base}', '${horizon}', ${fresh_from}, ${fresh_to}, ${after_id}, 1000)`,
    );
  }

  async function newest(): Promise<Progress> {
    const [progress] = await outbox.database.query<Progress[]>(
      `SELECT shard, seq, base::text, horizon::text, fresh_from, after_id
         FROM outbox_progress WHERE shard = 0 ORDER BY seq DESC LIMIT 1`,
    );
    if (!progress) throw new Error('no progress');
    return progress;
  }

  async function insert(
    db: { query(sql: string, values: unknown[]): Promise<unknown> },
    count: number,
    shard = 0,
  ) {
    await db.query(
      `INSERT INTO outbox_message (shard, run_id, type, key, payload)
       SELECT $3, run_id, 'thing.happened', $2, repeat('x', 200) FROM outbox_settings, generate_series(1, $1)`,
      [count, outbox.keyOfShard0, shard],
    );
  }
});

async function medianMs(run: () => Promise<unknown>): Promise<number> {
  const took: number[] = [];
  for (let times = 0; times < 11; times++) {
    const startedAt = performance.now();
    await run();
    took.push(performance.now() - startedAt);
  }
  return took.toSorted((a, b) => a - b)[5] ?? Infinity;
}

function note(what: string, ...ms: number[]): void {
  figures[what] = ms.map((value) => value.toFixed(2)).join(' / ');
}
