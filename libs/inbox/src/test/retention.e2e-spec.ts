import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { inTransaction, onOwnConnection, type Queryable } from '@paid-once/service';
import type { DataSource } from 'typeorm';
import { bodyHash, once, type Identified } from '../once.js';
import { InboxRetention, inboxRetentionSession } from '../retention.js';
import { ScratchDatabase } from './scratch-database.js';

const minutes = 60;

describe('retention of the inbox', () => {
  let scratch: ScratchDatabase;
  let database: DataSource;
  beforeAll(async () => {
    scratch = await ScratchDatabase.create();
    database = await scratch.open();
  });
  afterAll(() => scratch.drop());
  beforeEach(async () => {
    await database.query('TRUNCATE inbox_message, started_attempt');
    await database.query('UPDATE inbox_window SET oldest = $1, raised_at = NULL', [nil]);
  });

  const nil = '00000000-0000-0000-0000-000000000000';
  /** A message made so long ago, by the database's clock. */
  const message = async (secondsAgo: number): Promise<Identified> => {
    const [row] = await database.query<{ id: string }[]>(
      `SELECT overlay(inbox_uuidv7_floor(clock_timestamp() - make_interval(secs => $1))::text
                      PLACING substr(gen_random_uuid()::text, 25) FROM 25) AS id`,
      [secondsAgo],
    );
    return { messageId: row?.id ?? '', bodyHash: bodyHash(Buffer.from('body')), run: scratch.runId };
  };
  const take = (...messages: Identified[]) => inTransaction(database, (tx) => once(tx, messages));
  const onSession = <Result>(work: (db: Queryable) => Promise<Result>) =>
    onOwnConnection(
      { url: scratch.url, process: 'test', timeoutMs: 10_000, session: inboxRetentionSession },
      work,
    );
  const retention = () => new InboxRetention({ retentionMinutes: minutes, portionSize: 10 });
  const run = (by = retention()) => onSession((db) => by.run(db));
  /** As if the window had been raised a minute earlier. */
  const settle = () => database.query(`UPDATE inbox_window SET raised_at = raised_at - interval '61 s'`);
  const remembered = async () =>
    (await database.query<{ message_id: string }[]>('SELECT message_id FROM inbox_message')).map(
      ({ message_id }) => message_id,
    );

  it('H8: raises the window first, and removes what lies below it only when that has settled', async () => {
    const [old, young] = [await message(minutes * 60 + 5), await message(10)];
    await take(old, young);
    expect((await run())?.removed.messages).toBe(0);
    expect((await run())?.removed.messages).toBe(0); // prune too early
    expect(await remembered()).toHaveLength(2);
    await settle();
    expect((await run())?.removed.messages).toBe(1);
    expect((await run())?.removed.messages).toBe(0); // prune twice
    expect(await remembered()).toEqual([young.messageId]);
  });

  it('takes a redelivery just inside the window for a repeat, and one just outside for a stranger', async () => {
    const [outside, inside] = [await message(minutes * 60 + 2), await message(minutes * 60 - 30)];
    await take(outside, inside);
    await run();
    expect(await take(inside, outside)).toMatchObject({ repeated: [inside, outside] }); // still remembered
    await settle();
    await run();
    expect(await take(inside, outside)).toMatchObject({ repeated: [inside], outsideWindow: [outside] });
  });

  it('parks a message that is too old from the moment the window is raised, remembered or not', async () => {
    const late = await message(minutes * 60 + 2);
    await run();
    expect(await take(late)).toMatchObject({ outsideWindow: [late], fresh: [] });
  });

  // The fault: an insert under way since before the window was raised sees the old bound. Were its earlier copy removed
  // while it waits, it would take effect a second time.
  it('does not let a message through twice whose batch was under way when the window was raised', async () => {
    const old = await message(minutes * 60 + 2);
    const runner = database.createQueryRunner();
    await runner.startTransaction('REPEATABLE READ'); // its statement has read the bound, and dawdles
    await runner.query('SELECT oldest FROM inbox_window');
    await take(old);
    await run();
    await run();
    await expect(once(runner.manager, [old])).rejects.toThrow(/could not serialize|duplicate key/);
    await runner.rollbackTransaction();
    await runner.release();
    expect(await remembered()).toEqual([old.messageId]);
  });

  it('removes what became of parked messages when it is as old as what the inbox forgets; who did it and why stays', async () => {
    await database.query(
      `WITH asked AS (
         INSERT INTO parked_intervention (kind, requested_by, why, which, until_id)
         VALUES ('redrive', 'ann', 'again', '{}', 0) RETURNING id
       )
       INSERT INTO parked_history (intervention_id, message_id, reason, ended_at)
       SELECT id, n, 'poison', now() - make_interval(mins => 2 * n) FROM asked, generate_series(1, 60) AS n`,
    );
    expect((await run())?.removed).toEqual({ messages: 0, startedAttempts: 0, parkedHistory: 31 });
    expect(await database.query('SELECT max(message_id::int), count(*)::int FROM parked_history')).toEqual([
      { max: 29, count: 29 },
    ]);
    expect(await database.query('SELECT why FROM parked_intervention')).toEqual([{ why: 'again' }]);
  });

  it('never lowers the window, whatever the retention is set to', async () => {
    await run();
    const [before] = await database.query<{ oldest: string }[]>('SELECT oldest FROM inbox_window');
    await settle();
    await run(new InboxRetention({ retentionMinutes: 10 * minutes }));
    expect(await database.query('SELECT oldest FROM inbox_window')).toEqual([before]);
  });

  it('removes thousands in portions, and keeps every one inside the window', async () => {
    await database.query(
      `INSERT INTO inbox_message (message_id, body_hash)
       SELECT overlay(inbox_uuidv7_floor(clock_timestamp() - make_interval(secs => n))::text
                      PLACING substr(gen_random_uuid()::text, 25) FROM 25)::uuid, 'x'
         FROM generate_series(0, 2 * 3600, 3) AS n`,
    );
    await run();
    await settle();
    const removed = (await run())?.removed.messages ?? 0;
    expect(removed).toBeGreaterThanOrEqual(1_200);
    expect(removed).toBeLessThanOrEqual(1_205);
    expect(await remembered()).toHaveLength(2_401 - removed);
  });

  it('forgets attempts that were begun a day ago and never ended', async () => {
    await database.query(
      `INSERT INTO started_attempt (fingerprint, starts, started_at)
       VALUES ('a', 1, now() - interval '25 h'), ('b', 1, now() - interval '23 h')`,
    );
    expect((await run())?.removed.startedAttempts).toBe(1);
    expect((await run())?.removed.startedAttempts).toBe(0);
  });

  it('floors a time to the smallest UUIDv7 of its millisecond', async () => {
    const [row] = await database.query<{ floor: string }[]>(
      `SELECT inbox_uuidv7_floor('2026-01-01 00:00:00.123987Z') AS floor`,
    );
    expect(row?.floor).toBe('019b76da-a87b-7000-8000-000000000000');
    expect(Number.parseInt('019b76daa87b', 16)).toBe(Date.parse('2026-01-01T00:00:00.123Z'));
  });
});
