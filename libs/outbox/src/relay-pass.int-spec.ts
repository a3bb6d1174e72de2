import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { EntityManager } from 'typeorm';
import { HeldConnection } from './held-connection.js';
import { enqueue, outboxStatus, stationsOf, Unpublishable } from './index.js';
import { RelayPass } from './relay-pass.js';
import { pause } from '@paid-once/service';
import { eventually } from './test/eventually.js';
import { OutboxDatabase } from './test/outbox-database.js';
import { Recorder } from './test/recorder.js';
import { takeShard } from './window.js';

jest.setTimeout(30_000);

describe('a relay pass', () => {
  let outbox: OutboxDatabase;
  let broker: Recorder;
  let passes: RelayPass[];
  beforeEach(async () => {
    outbox = await OutboxDatabase.create(process.env['TEST_PAYMENTS_ADMIN_URL']);
    broker = new Recorder();
    passes = [];
  });
  afterEach(async () => {
    await Promise.all(passes.map((pass) => pass.abandon()));
    await outbox.drop();
  });

  const newPass = ({ sliceSize = 1_000, mayGoOn = (): boolean => true, publish = broker.publish } = {}) => {
    const pass = new RelayPass({
      database: outbox.relay,
      shard: 0,
      sliceSize,
      publish,
      mayGoOn,
    });
    passes.push(pass);
    return pass;
  };
  const messageIn = (tx: EntityManager, payload: string, key = outbox.keyOfShard0) =>
    enqueue(tx, [{ type: 'thing.happened', key, payload }]);
  const message = (payload: string, key?: string) =>
    outbox.database.transaction((tx) => messageIn(tx, payload, key));
  const openTransaction = async () => {
    const runner = outbox.database.createQueryRunner();
    await runner.startTransaction();
    return runner;
  };
  const progressRows = async () => {
    const [row] = await outbox.database.query<{ count: number }[]>(
      'SELECT count(*)::int AS count FROM outbox_progress',
    );
    return row?.count;
  };

  it('C1: publishes a row whose transaction commits late, with a lower id than rows already published', async () => {
    const pass = newPass();
    const late = await openTransaction();
    await messageIn(late.manager, 'late');
    await message('early');
    expect(await pass.run()).toEqual({ kind: 'drained' });
    expect(broker.payloads).toEqual(['early']);
    await late.commitTransaction();
    expect(await pass.run()).toEqual({ kind: 'drained' });
    expect(broker.payloads).toEqual(['early', 'late']);
    await late.release();
  });

  // The smaller of the first late and the first fresh id is where a window starts: either choice alone loses one of these.
  it.each([
    ['fresh', 'late'],
    ['late', 'fresh'],
  ])(
    'C1: publishes both of two transactions that cross when the %s one has the smaller id',
    async (...order) => {
      const pass = newPass();
      const late = await openTransaction();
      await late.query('SELECT pg_current_xact_id()');
      await message('before');
      await pass.run(); // the late one is open in the base
      const fresh = await openTransaction();
      for (const name of order) await messageIn((name === 'late' ? late : fresh).manager, name);
      await fresh.commitTransaction();
      await late.commitTransaction();
      await pass.run();
      expect(broker.payloads).toEqual(['before', ...order]);
      await Promise.all([late.release(), fresh.release()]);
    },
  );

  it('C3: neither waits for ids that were rolled back nor skips those beside them', async () => {
    const pass = newPass();
    for (let index = 0; index < 20; index++) {
      const runner = await openTransaction();
      await messageIn(runner.manager, String(index));
      await (index % 2 ? runner.commitTransaction() : runner.rollbackTransaction());
      await runner.release();
    }
    expect(await pass.run()).toEqual({ kind: 'drained' });
    expect(broker.payloads).toEqual(['1', '3', '5', '7', '9', '11', '13', '15', '17', '19']);
  });

  it('publishes a prepared transaction after it was committed', async () => {
    const pass = newPass();
    const session = await openTransaction();
    await messageIn(session.manager, 'prepared');
    await session.query(`PREPARE TRANSACTION 'held'`);
    await session.commitTransaction(); // of nothing: the transaction is no longer this session's
    await session.release();
    await message('before');
    await pass.run();
    await outbox.database.query(`COMMIT PREPARED 'held'`);
    await pass.run();
    expect(broker.payloads).toEqual(['before', 'prepared']);
  });

  it('publishes a window in slices, in order of the ids, whatever the order of the transactions', async () => {
    const pass = newPass({ sliceSize: 3 });
    const late = await Promise.all([openTransaction(), openTransaction()]);
    for (const runner of late) await runner.query('SELECT pg_current_xact_id()');
    await message('0');
    await pass.run();
    for (let index = 1; index <= 30; index++) {
      const runner = late[index % 3];
      await (runner ? messageIn(runner.manager, String(index)) : message(String(index)));
    }
    await Promise.all(late.map((runner) => runner.commitTransaction()));
    await pass.run();
    expect(broker.payloads).toEqual(Array.from({ length: 31 }, (_, index) => String(index)));
    await Promise.all(late.map((runner) => runner.release()));
  });

  // Between two slices longer than that, so that progress goes on record inside the window.
  const longerThanARecordMs = 150;

  it('C1: keeps its horizon from slice to slice: what commits behind the last id meanwhile comes in the next window', async () => {
    const late = await openTransaction();
    await messageIn(late.manager, 'late');
    for (const payload of ['1', '2', '3', '4']) await message(payload);
    broker.beforeConfirm = async ([row]) => {
      await pause(longerThanARecordMs);
      if (row?.payload === '2') await late.commitTransaction();
    };
    const pass = newPass({ sliceSize: 1 });
    while ((await pass.run()).kind === 'more');
    expect(broker.payloads).toEqual(['1', '2', '3', '4', 'late']);
    await late.release();
  });

  it('C1: goes on in the window of a relay that died with that one’s horizon, and loses nothing that was late in it', async () => {
    const late = await openTransaction();
    await messageIn(late.manager, 'late');
    for (const payload of ['1', '2', '3']) await message(payload);
    let slices = 0;
    broker.beforeConfirm = () => void slices++;
    const stopped = newPass({ sliceSize: 1, mayGoOn: () => slices < 2 });
    expect(await stopped.run()).toEqual({ kind: 'stopped' });
    await late.commitTransaction();
    const next = newPass();
    while ((await next.run()).kind === 'more');
    expect(broker.payloads).toEqual(['1', '2', '3', 'late']);
    await late.release();
  });

  it('widens its windows under load: after many rows it waits for more before it looks for the next ones', async () => {
    const pass = newPass();
    await pass.run();
    await outbox.database.transaction(async (tx) => {
      for (let row = 0; row < 60; row++) await messageIn(tx, `row ${row}`);
    });
    const started = performance.now();
    expect(await pass.run()).toEqual({ kind: 'drained' });
    expect(performance.now() - started).toBeGreaterThan(95);
    expect(broker.payloads).toHaveLength(60);
  });

  it('changes nothing when nothing waits', async () => {
    const pass = newPass();
    await pass.run();
    const before = await progressRows();
    for (let polls = 0; polls < 5; polls++) expect(await pass.run()).toEqual({ kind: 'drained' });
    expect(await progressRows()).toBe(before);
    expect(broker.rows).toEqual([]);
  });

  it('has committed the horizon before it reads a row', async () => {
    const horizons: unknown[] = [];
    broker.beforeConfirm = async ([row]) => {
      horizons.push(
        ...(await outbox.database.query<object[]>(
          `SELECT pg_visible_in_snapshot(xid, horizon) AS in_horizon, pg_visible_in_snapshot(xid, base) AS in_base
             FROM outbox_message AS message, outbox_progress AS progress
            WHERE message.id = $1 AND progress.shard = 0 ORDER BY seq DESC LIMIT 1`,
          [row?.id],
        )),
      );
    };
    await message('one');
    await newPass().run();
    expect(horizons).toEqual([{ in_horizon: true, in_base: false }]);
  });

  it('D2 D3: publishes the same rows again, from the first unconfirmed one on, when the broker fails', async () => {
    const pass = newPass({ sliceSize: 2 });
    for (const payload of ['1', '2', '3', '4']) await message(payload);
    broker.beforeConfirm = ([row]) => {
      if (row?.payload === '3') throw new Error('broker away');
    };
    expect(await pass.run()).toMatchObject({ kind: 'not-published', cause: { message: 'broker away' } });
    broker.beforeConfirm = () => {};
    expect(await pass.run()).toEqual({ kind: 'drained' });
    expect(broker.payloads).toEqual(['1', '2', '3', '4', '3', '4']);
  });

  it('D2 D3: sends a slice while the confirms of the one before are awaited, and both again when these do not come', async () => {
    const publish = broker.lane();
    const pass = newPass({ sliceSize: 2, publish });
    for (const payload of ['1', '2', '3', '4', '5', '6', '7']) await message(payload);
    broker.beforeConfirm = async ([row]) => {
      if (row?.payload !== '3') return;
      await eventually(() => expect(broker.payloads).toContain('6')); // the slice after it has left
      throw new Error('broker away');
    };
    expect(await pass.run()).toMatchObject({ kind: 'not-published', cause: { message: 'broker away' } });
    broker.beforeConfirm = () => {};
    expect(await pass.run()).toEqual({ kind: 'drained' });
    expect(broker.payloads.join('')).toBe('12345634567');
  });

  it('C13: reads its progress again after its connection was lost with rows confirmed, and loses nothing', async () => {
    const pass = newPass({ sliceSize: 1 });
    for (const payload of ['1', '2', '3']) await message(payload);
    broker.beforeConfirm = async ([row]) => {
      if (row?.payload === '2') await outbox.killSessions('paid-once relay');
    };
    expect(await pass.run()).toMatchObject({ kind: 'database-lost' });
    broker.beforeConfirm = () => {};
    expect(await pass.run()).toEqual({ kind: 'drained' });
    expect(broker.firstOccurrences.map(({ payload }) => payload)).toEqual(['1', '2', '3']);
    expect((await stationsOf(outbox.database, [outbox.keyOfShard0])).size).toBe(3);
  });

  it('C7: refuses the progress of an owner that was replaced', async () => {
    const [idle, stale, owner] = [newPass(), newPass(), newPass()];
    for (const pass of [idle, stale, owner]) await pass.run();
    expect(await idle.run()).toEqual({ kind: 'lost-ownership' }); // although nothing waits
    await message('one');
    expect(await stale.run()).toEqual({ kind: 'lost-ownership' });
    expect(broker.payloads).toEqual([]);
    expect(await owner.run()).toEqual({ kind: 'drained' });
    expect(broker.payloads).toEqual(['one']);
  });

  it('C4 C7: lets two owners repeat each other but neither lose a row', async () => {
    const [stale, owner] = [newPass({ sliceSize: 1 }), newPass({ sliceSize: 1 })];
    for (const payload of ['1', '2', '3']) await message(payload);
    broker.beforeConfirm = async ([row]) => {
      broker.beforeConfirm = () => {};
      if (row?.payload === '1') expect(await owner.run()).toEqual({ kind: 'drained' });
    };
    expect(await stale.run()).toEqual({ kind: 'lost-ownership' });
    expect(broker.firstOccurrences.map(({ payload }) => payload)).toEqual(['1', '2', '3']);
  });

  it('C7: refuses the progress of an owner that was replaced also inside a window', async () => {
    const stale = newPass({ sliceSize: 1 });
    for (const payload of ['1', '2', '3', '4', '5']) await message(payload);
    broker.beforeConfirm = async ([row]) => {
      if (row?.payload === '1') await newPass({ mayGoOn: () => false }).run(); // takes the shard, and sends nothing
      await pause(longerThanARecordMs);
    };
    expect(await stale.run()).toEqual({ kind: 'lost-ownership' });
    expect(broker.payloads).not.toContain('5');
  });

  it('C7: stops before the next slice when it is not sure to own the shard, with its progress written', async () => {
    let slices = 0;
    const pass = newPass({ sliceSize: 1, mayGoOn: () => slices < 2 });
    broker.beforeConfirm = () => void slices++;
    for (const payload of ['1', '2', '3']) await message(payload);
    expect(await pass.run()).toEqual({ kind: 'stopped' });
    slices = 0;
    await newPass().run();
    expect(broker.payloads).toEqual(['1', '2', '3']);
  });

  it('moves a message that can never be published out of the way, and its followers behind it', async () => {
    const pass = newPass();
    const other = outbox.keysOfShard0[1];
    for (const [payload, key] of [
      ['1', undefined],
      ['poison', undefined],
      ['follower', undefined],
      ['2', other],
    ] as const)
      await message(payload, key);
    broker.beforeConfirm = (rows) => {
      const poison = rows.find(({ payload }) => payload === 'poison');
      if (poison) throw new Unpublishable([{ messageId: poison.message_id, reason: 'too large' }]);
    };
    expect(await pass.run()).toEqual({ kind: 'drained' });
    await message('later follower');
    await message('3', other);
    expect(await pass.run()).toEqual({ kind: 'drained' });
    expect(broker.payloads.slice(4)).toEqual(['1', '2', '3']); // after the attempt that failed
    const dead = await outbox.database.query<object[]>(
      'SELECT payload, reason FROM outbox_dead_letter JOIN outbox_message USING (id) ORDER BY id',
    );
    expect(dead).toEqual([
      { payload: 'poison', reason: 'too large' },
      { payload: 'follower', reason: 'behind' },
      { payload: 'later follower', reason: 'behind' },
    ]);
  });

  it('publishes nothing by snapshots of another cluster, and says what is needed', async () => {
    await message('one');
    await outbox.database.query(`UPDATE outbox_settings SET system_identifier = '1'`);
    expect(await newPass().run()).toMatchObject({
      kind: 'other-server',
      cause: { message: expect.stringMatching(/cluster 1, this is \d+.*rebase/) },
    });
    expect(broker.rows).toEqual([]);
  });

  it('publishes nothing when its progress is ahead of the server', async () => {
    await message('one');
    await outbox.database.query(
      `INSERT INTO outbox_progress (shard, seq, epoch, base, after_id) VALUES (0, 1, 1, '900000000:900000000:', 0)`,
    );
    expect(await newPass().run()).toMatchObject({
      kind: 'other-server',
      cause: { message: expect.stringMatching(/ahead of this server.*rebase/) },
    });
    expect(broker.rows).toEqual([]);
  });

  it.each(['off', 'local', 'remote_write'])(
    'publishes nothing where a horizon could be used and then lost, as with synchronous_commit %s',
    async (setting) => {
      const connection = await HeldConnection.open(outbox.relay);
      await connection.query(`SET synchronous_commit = ${setting}`);
      await expect(takeShard(connection, 0)).rejects.toThrow(`synchronous_commit is ${setting}`);
      await connection.destroy();
    },
  );

  it('C7: is abandoned at once also while it is still taking its shard', async () => {
    const blocking = await openTransaction();
    await blocking.query('LOCK TABLE outbox_progress');
    const pass = newPass();
    const running = pass.run();
    const waiting = () =>
      outbox.database.query<object[]>(
        `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
    await eventually(async () => expect(await waiting()).toHaveLength(1));
    await pass.abandon();
    expect(await running).toMatchObject({
      kind: 'database-lost',
      cause: { message: expect.stringMatching(/Connection terminated/) },
    });
    await blocking.rollbackTransaction();
    await blocking.release();
  });

  it('tells where a message is, and what waits', async () => {
    await newPass().run();
    const stations = async () =>
      [...(await stationsOf(outbox.database, [outbox.keyOfShard0])).values()].map(({ station }) => station);
    expect(await stations()).toEqual([]);
    await message('one');
    await message('two');
    expect(await stations()).toEqual(['outbox', 'outbox']);
    expect((await outboxStatus(outbox.relay))[0]).toMatchObject({
      shard: 0,
      pending: 2,
      owner: null,
      deadLetters: 0,
    });
    await newPass().run();
    expect(await stations()).toEqual(['published', 'published']);
    expect((await outboxStatus(outbox.relay))[0]).toMatchObject({ pending: 0, oldestSeconds: null });
  });
});
