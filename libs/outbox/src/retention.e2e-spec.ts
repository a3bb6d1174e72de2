import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  enqueue,
  messagesBefore,
  OtherServer,
  OutboxRetention,
  requestMarkers,
  requestRedrive,
  Unpublishable,
  verificationOf,
} from './index.js';
import { RelayPass } from './relay-pass.js';
import { OutboxDatabase } from './test/outbox-database.js';
import { Recorder } from './test/recorder.js';

jest.setTimeout(30_000);

const dayInMinutes = 1_440;

describe('retention of the outbox', () => {
  let outbox: OutboxDatabase;
  let broker: Recorder;
  let pass: RelayPass;
  let systemIdentifier: string;
  beforeAll(async () => {
    outbox = await OutboxDatabase.create(process.env['TEST_PAYMENTS_ADMIN_URL']);
    const [row] = await outbox.database.query<{ system_identifier: string }[]>(
      'SELECT system_identifier FROM outbox_settings',
    );
    systemIdentifier = row?.system_identifier ?? '';
  });
  afterAll(() => outbox.drop());
  beforeEach(async () => {
    await outbox.database.query(
      'TRUNCATE outbox_message, outbox_dead_letter, outbox_marker, outbox_intervention RESTART IDENTITY',
    );
    broker = new Recorder();
    const { publish } = broker;
    pass = new RelayPass({
      database: outbox.relay,
      shard: 0,
      sliceSize: 100,
      publish,
      mayGoOn: () => true,
    });
  });
  afterEach(async () => {
    await pass.abandon();
    await outbox.database.query('UPDATE outbox_settings SET system_identifier = $1', [systemIdentifier]);
  });

  const write = (payload: string, key = outbox.keyOfShard0) =>
    outbox.database.transaction((tx) => enqueue(tx, [{ type: 'thing.happened', key, payload }]));
  const age = (payloads: string[], days: number) =>
    outbox.database.query(
      `UPDATE outbox_message SET created_at = created_at - make_interval(days => $2) WHERE payload = ANY ($1)`,
      [payloads, days],
    );
  const left = async () =>
    (
      await outbox.database.query<{ payload: string }[]>('SELECT payload FROM outbox_message ORDER BY id')
    ).map(({ payload }) => payload);
  const retain = async (options: { verifiedOnly?: boolean; portionSize?: number } = {}) => {
    const retention = new OutboxRetention({
      retentionMinutes: dayInMinutes,
      verifiedOnly: false,
      ...options,
    });
    return outbox.retaining((db) => retention.run(db));
  };

  it('removes what is published and older than the retention, in portions, and keeps the rest', async () => {
    const payloads = Array.from({ length: 25 }, (_, index) => `old ${index}`);
    for (const payload of payloads) await write(payload);
    await write('young');
    await pass.run();
    await age(payloads, 2);
    expect(await retain({ portionSize: 4 })).toMatchObject({ removed: { messages: 25 } });
    expect(await left()).toEqual(['young']);
    expect((await retain())?.removed).toEqual({ messages: 0, progress: 0, markers: 0 });
  });

  it('H8: run too early, or twice, it removes nothing that is unpublished', async () => {
    await write('published');
    await pass.run();
    await write('waiting');
    await age(['published', 'waiting'], 30);
    expect((await retain())?.removed.messages).toBe(1);
    expect((await retain())?.removed.messages).toBe(0);
    expect(await left()).toEqual(['waiting']);
    await pass.run();
    expect(broker.payloads).toEqual(['published', 'waiting']);
    expect((await retain())?.removed.messages).toBe(1);
  });

  it('keeps the rows of a transaction that was open, however old, until they are published', async () => {
    const late = outbox.database.createQueryRunner();
    await late.startTransaction();
    await enqueue(late.manager, [{ type: 'thing.happened', key: outbox.keyOfShard0, payload: 'late' }]);
    await write('early');
    await pass.run();
    await late.commitTransaction();
    await late.release();
    await age(['late', 'early'], 30);
    await retain();
    expect(await left()).toContain('late');
    await pass.run();
    expect(broker.payloads).toEqual(['early', 'late']);
  });

  it('keeps what is published but not verified, while messages are verified', async () => {
    await write('one');
    await pass.run();
    await age(['one'], 30);
    expect((await retain({ verifiedOnly: true }))?.removed.messages).toBe(0);
    await requestMarkers(outbox.database);
    await outbox.database.query(
      `UPDATE outbox_marker SET published_at = now(), base = (
         SELECT base FROM outbox_progress AS progress
          WHERE progress.shard = outbox_marker.shard ORDER BY seq DESC LIMIT 1)`,
    );
    expect((await retain({ verifiedOnly: true }))?.removed.messages).toBe(0);
    await outbox.database.query('UPDATE outbox_marker SET verified_at = now()');
    expect((await retain({ verifiedOnly: true }))?.removed.messages).toBe(1);
  });

  it('keeps dead letters, dropped ones too', async () => {
    await write('dead');
    broker.beforeConfirm = (rows) => {
      const messages = rows
        .filter(({ payload }) => payload === 'dead')
        .map(({ message_id: messageId }) => ({ messageId, reason: 'it is dead' }));
      if (messages.length > 0) throw new Unpublishable(messages);
    };
    await write('other', outbox.keysOfShard0[1]);
    await pass.run();
    await age(['dead', 'other'], 30);
    await outbox.database.query(`UPDATE outbox_dead_letter SET dropped_at = now()`);
    await retain();
    expect(await left()).toEqual(['dead']);
  });

  it.each([
    [
      'ids',
      `'replay', 0, 'a', 'b', NULL, NULL, (SELECT array_agg(id) FROM outbox_message WHERE payload = 'asked')`,
    ],
    [
      'a range',
      `'replay', 0, 'a', 'b', (SELECT id FROM outbox_message WHERE payload = 'asked'),
       (SELECT id FROM outbox_message WHERE payload = 'asked'), NULL`,
    ],
  ])('keeps what an open intervention names by %s, until it has ended', async (_by, values) => {
    for (const payload of ['before', 'asked', 'behind']) await write(payload);
    await pass.run();
    await age(['before', 'asked', 'behind'], 30);
    await outbox.database.query(
      `INSERT INTO outbox_intervention (kind, shard, requested_by, why, from_id, to_id, ids) SELECT ${values}`,
    );
    await retain();
    expect(await left()).toEqual(['asked']);
    await outbox.database.query('UPDATE outbox_intervention SET finished_at = now()');
    expect((await retain())?.removed.messages).toBe(1);
  });

  /** As the verifier does when nothing is missing; what is published before the last one is behind it. */
  const verifyAll = async () => {
    await requestMarkers(outbox.database);
    await outbox.database.query(
      `UPDATE outbox_marker SET published_at = clock_timestamp(), verified_at = now(), base = (
         SELECT base FROM outbox_progress AS progress
          WHERE progress.shard = outbox_marker.shard ORDER BY seq DESC LIMIT 1)
        WHERE published_at IS NULL`,
    );
  };

  it('H8: keeps what was redriven, and what followed it, until its arrival is verified', async () => {
    broker.beforeConfirm = (rows) => {
      const dead = rows.filter(({ payload }) => payload === 'dead');
      if (dead.length > 0)
        throw new Unpublishable(dead.map(({ message_id: messageId }) => ({ messageId, reason: 'x' })));
    };
    for (const payload of ['dead', 'behind']) await write(payload);
    await write('other', outbox.keysOfShard0[1]);
    await pass.run();
    await verifyAll();
    await age(['dead', 'behind', 'other'], 30);
    broker.beforeConfirm = () => {};
    await requestRedrive(outbox.database, { all: true }, { by: 'test', why: 'test' });
    await pass.run();
    expect(broker.payloads).toEqual(expect.arrayContaining(['dead', 'behind']));
    const retention = new OutboxRetention({ retentionMinutes: 60, verifiedOnly: true });
    const removed = async () => (await outbox.retaining((db) => retention.run(db)))?.removed.messages;
    expect(await removed()).toBe(1);
    expect(await left()).toEqual(['dead', 'behind']);

    await requestMarkers(outbox.database);
    await pass.run();
    const verification = await verificationOf(outbox.database, 0, 'test');
    const asked: string[] = [];
    for (const marker of verification.markers)
      for await (const messages of messagesBefore(outbox.database, verification, marker, 10))
        asked.push(...messages.map(({ id }) => id));
    expect(asked).toHaveLength(2);
    await verifyAll();
    expect(await removed()).toBe(2); // in its next run, not only when it looks for what it left behind
  });

  it('removes behind the rows of a shard that must stay what may go of another', async () => {
    const [keyOfShard1] = await outbox.database.query<{ key: string }[]>(
      `SELECT 'key-' || n AS key FROM generate_series(1, 100) AS n WHERE outbox_shard('key-' || n) = 1`,
    );
    const payloads = ['1', '2', '3', '4', '5'];
    for (const payload of payloads) await write(payload);
    await write('of another shard', keyOfShard1?.key);
    await verifyAll();
    await outbox.database.query(`UPDATE outbox_marker SET base = pg_current_snapshot() WHERE shard = 1`);
    await age([...payloads, 'of another shard'], 30);
    expect((await retain({ verifiedOnly: true, portionSize: 4 }))?.removed.messages).toBe(1);
    expect(await left()).toEqual(payloads);
  });

  it('removes progress and markers that nobody needs, and keeps the newest of each shard', async () => {
    for (let index = 0; index < 5; index++) {
      await write(String(index));
      await pass.run();
      await requestMarkers(outbox.database);
    }
    await requestMarkers(outbox.database);
    await outbox.database.query(`UPDATE outbox_progress SET recorded_at = recorded_at - interval '61 min'`);
    await outbox.database.query(
      `UPDATE outbox_marker SET requested_at = requested_at - interval '25 h', base = '3:3:',
              published_at = CASE WHEN id <= 20 THEN now() END,
              verified_at = CASE WHEN id <= 12 THEN now() END`,
    );
    const [rows] = await outbox.database.query<{ count: number }[]>(
      'SELECT count(*)::int AS count FROM outbox_progress',
    );
    const newest = await outbox.database.query(
      'SELECT DISTINCT ON (shard) shard, seq FROM outbox_progress ORDER BY shard, seq DESC',
    );
    expect((await retain({ portionSize: 3 }))?.removed).toMatchObject({
      progress: (rows?.count ?? 0) - 4,
      markers: 16,
    });
    expect(await outbox.database.query('SELECT shard, seq FROM outbox_progress ORDER BY shard')).toEqual(
      newest,
    );
    expect(await outbox.database.query('SELECT id::int, shard FROM outbox_marker ORDER BY id')).toEqual(
      [9, 10, 11, 12, 21, 22, 23, 24].map((id) => ({ id, shard: (id - 1) % 4 })),
    );
    await write('goes on');
    await pass.run();
    expect(broker.payloads).toContain('goes on');
  });

  it('H8: refuses a restored cluster, whose transaction ids say nothing', async () => {
    await write('pending at the dump');
    await pass.run();
    await age(['pending at the dump'], 30);
    await outbox.database.query(`UPDATE outbox_settings SET system_identifier = '1'`);
    await expect(retain()).rejects.toThrow(OtherServer);
    expect(await left()).toHaveLength(1);
  });

  it('leaves the work to the run that is under way', async () => {
    const retention = new OutboxRetention({ retentionMinutes: 1, verifiedOnly: false });
    await outbox.retaining(async (db) => {
      await db.query('SELECT pg_advisory_lock($1, 0)', [0x6f757463]);
      expect(await outbox.retaining((other) => retention.run(other))).toBeUndefined();
    });
    expect(await outbox.retaining((db) => retention.run(db))).toBeDefined();
  });
});
