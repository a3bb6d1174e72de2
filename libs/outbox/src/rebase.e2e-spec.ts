import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  enqueue,
  NothingToRebase,
  OutboxRetention,
  rebaseIfRestored,
  rebaseOutbox,
  requestMarkers,
} from './index.js';
import { RelayPass } from './relay-pass.js';
import { rebaseLock } from './shard-ownership.js';
import { eventually } from './test/eventually.js';
import { OutboxDatabase } from './test/outbox-database.js';
import { Recorder } from './test/recorder.js';
import { RunningRelay } from './test/running-relay.js';

jest.setTimeout(30_000);

describe('a rebase of the outbox', () => {
  let outbox: OutboxDatabase;
  let broker: Recorder;
  let pass: RelayPass;
  beforeEach(async () => {
    outbox = await OutboxDatabase.create(process.env['TEST_PAYMENTS_ADMIN_URL']);
    broker = new Recorder();
    pass = newPass();
  });
  afterEach(async () => {
    await pass.abandon();
    await outbox.drop();
  });

  const newPass = () =>
    new RelayPass({
      database: outbox.relay,
      shard: 0,
      sliceSize: 3,
      publish: broker.publish,
      mayGoOn: () => true,
    });
  const write = (...payloads: string[]) =>
    outbox.database.transaction((tx) =>
      enqueue(
        tx,
        payloads.map((payload) => ({ type: 'thing.happened', key: outbox.keyOfShard0, payload })),
      ),
    );
  /** As a dump of another cluster leaves it, whose transaction ids were far ahead of this one's. */
  const restoreFromAfar = async () => {
    await pass.abandon();
    const far = 4_000_000_000;
    await outbox.database.query(`
      UPDATE outbox_settings SET system_identifier = '42';
      UPDATE outbox_message SET xid = (xid::text::bigint + ${far})::text::xid8;
      UPDATE outbox_progress SET base = format('%s:%s:', ${far + 500}, ${far + 500})::pg_snapshot, horizon = NULL, fresh_from = NULL`);
  };
  const sent = () => broker.firstOccurrences.map(({ payload }) => payload);

  it('brings what was pending at the dump and what was written after the restore, in order', async () => {
    await write('published');
    await pass.run();
    await write('pending 1', 'pending 2');
    await restoreFromAfar();
    await write('after the restore');
    expect(await pass.run()).toMatchObject({
      kind: 'other-server',
      cause: { message: expect.stringMatching(/belongs to the cluster 42, this is \d+.*outbox rebase/) },
    });
    expect(broker.payloads).toEqual(['published']);

    const [settings] = await outbox.database.query<{ system_identifier: string }[]>(
      'SELECT system_identifier::text FROM pg_control_system()',
    );
    expect(await rebaseOutbox(outbox.url, { portionSize: 3 })).toEqual({
      rows: 4,
      shards: 4,
      systemIdentifier: settings?.system_identifier,
    });
    await pass.run();
    expect(sent()).toEqual(['published', 'pending 1', 'pending 2', 'after the restore']);
    expect(await pass.run()).toEqual({ kind: 'drained' });
    await write('later');
    await pass.run();
    expect(broker.payloads.at(-1)).toBe('later');
  });

  it('publishes what a transaction writes that was open during the rebase, after its commit', async () => {
    await write('pending');
    await restoreFromAfar();
    const late = outbox.database.createQueryRunner();
    await late.startTransaction();
    await enqueue(late.manager, [{ type: 't', key: outbox.keyOfShard0, payload: 'late' }]);
    await rebaseOutbox(outbox.url);
    await pass.run();
    expect(broker.payloads).toEqual(['pending']);
    await late.commitTransaction();
    await late.release();
    await pass.run();
    expect(broker.payloads).toEqual(['pending', 'late']);
  });

  it('lets nothing be published while it is unfinished, goes on when it is run again, and says so', async () => {
    const payloads = Array.from({ length: 10 }, (_, index) => `pending ${index}`);
    await write(...payloads);
    await restoreFromAfar();
    const interrupted = rebaseOutbox(outbox.url, {
      portionSize: 3,
      onProgress: (rows) => {
        if (rows >= 6) throw new Error('interrupted');
      },
    });
    await expect(interrupted).rejects.toThrow('interrupted');
    expect(await pass.run()).toMatchObject({
      kind: 'other-server',
      cause: { message: expect.stringContaining('a rebase has not ended') },
    });
    expect(broker.rows).toEqual([]);
    expect((await rebaseIfRestored(outbox.url))?.rows).toBe(4);
    for (let passes = 0; passes < 3; passes++) await pass.run();
    expect(broker.payloads).toEqual(payloads);
  });

  it('begins anew when a relay writes progress at the same moment', async () => {
    await restoreFromAfar();
    const relay = await outbox.session();
    await relay.query(
      `BEGIN;
       INSERT INTO outbox_progress (shard, seq, epoch, base, after_id)
       SELECT shard, seq + 1, epoch, base, after_id
         FROM outbox_progress WHERE shard = 0 ORDER BY seq DESC LIMIT 1`,
    );
    const rebase = rebaseOutbox(outbox.url);
    const waiting = () =>
      outbox.database.query(
        `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
    await eventually(async () => expect(await waiting()).toHaveLength(1));
    const [rebased] = await Promise.all([rebase, relay.query('COMMIT').then(() => relay.end())]);
    expect(rebased.shards).toBe(4);
  });

  it('that is asked for twice at once is done once', async () => {
    await write('pending');
    await restoreFromAfar();
    const both = await Promise.all([rebaseIfRestored(outbox.url), rebaseIfRestored(outbox.url)]);
    expect(both.filter((rebased) => rebased !== undefined)).toHaveLength(1);
  });

  it('waits for one that takes longer than a statement may', async () => {
    const other = await outbox.session();
    await other.query('SELECT pg_advisory_lock($1, $2)', [...rebaseLock]);
    const waiting = rebaseOutbox(outbox.url, { force: true, statementTimeoutMs: 600 });
    const rebasing = await Promise.race([
      waiting,
      eventually(async () => {
        const connected = await outbox.database.query(
          `SELECT FROM pg_stat_activity
            WHERE application_name LIKE '%rebase%' AND datname = current_database()
              AND backend_start < clock_timestamp() - interval '1 s'`,
        );
        expect(connected).toHaveLength(1);
      }),
    ]);
    expect(rebasing).toBeGreaterThan(600);
    await other.end();
    expect(await waiting).toMatchObject({ shards: 4 });
  });

  it('is refused where nothing is wrong, unless it is forced', async () => {
    await write('one');
    await pass.run();
    await expect(rebaseOutbox(outbox.url)).rejects.toThrow(NothingToRebase);
    expect(await rebaseIfRestored(outbox.url)).toBeUndefined();
    expect(await pass.run()).toEqual({ kind: 'drained' });
    await rebaseOutbox(outbox.url, { force: true });
    expect(await pass.run()).toEqual({ kind: 'lost-ownership' });
    await pass.run();
    expect(broker.payloads).toEqual(['one', 'one']);
  });

  it('makes nothing verified, so that retention removes nothing before the ledger has it', async () => {
    await write('pending');
    await requestMarkers(outbox.database);
    await outbox.database.query(
      `UPDATE outbox_marker SET base = '5000000000:5000000000:', published_at = now(), verified_at = now()`,
    );
    await requestMarkers(outbox.database); // these still wait
    await restoreFromAfar();
    await rebaseOutbox(outbox.url);
    const retention = new OutboxRetention({ retentionMinutes: 0, verifiedOnly: true });
    expect((await outbox.retaining((db) => retention.run(db)))?.removed.messages).toBe(0);
    expect(
      await outbox.database.query(
        'SELECT count(*)::int AS count, max(base::text) AS base FROM outbox_marker',
      ),
    ).toEqual([{ count: 4, base: null }]);
  });

  it('forced again and again beside writers and a running relay, it loses nothing and keeps the order', async () => {
    const relay = await RunningRelay.start('relay', outbox.url);
    const work = { goesOn: true };
    const writer = async (key: string) => {
      let count = 0;
      while (work.goesOn) {
        await outbox.database.transaction((tx) =>
          enqueue(tx, [{ type: 't', key, payload: `${key} ${++count}` }]),
        );
        relay.relay.wake();
      }
      return count;
    };
    const writers = ['a', 'b', 'c', 'd'].map(writer);
    try {
      for (let times = 0; times < 3; times++) {
        await rebaseOutbox(outbox.url, { force: true, portionSize: 50 });
        const before = relay.broker.rows.length;
        await eventually(() => expect(relay.broker.rows.length).toBeGreaterThan(before + 20));
      }
      work.goesOn = false;
      const counts = await Promise.all(writers);
      const expected = (key: string, count: number) =>
        Array.from({ length: count }, (_, index) => `${key} ${index + 1}`);
      await eventually(() => {
        const firsts = relay.broker.firstOccurrences;
        for (const [index, key] of ['a', 'b', 'c', 'd'].entries())
          expect(firsts.filter((row) => row.key === key).map(({ payload }) => payload)).toEqual(
            expected(key, counts[index] ?? 0),
          );
      });
    } finally {
      work.goesOn = false;
      await relay.stop();
    }
  });
});
