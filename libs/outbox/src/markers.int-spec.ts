import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { HeldConnection } from './held-connection.js';
import { markersOf, markerType, requestMarkers, stationsOf } from './index.js';
import { publishMarkers } from './publish-markers.js';
import { OneShard } from './test/one-shard.js';
import { takeShard } from './window.js';

let shard: OneShard;
beforeAll(async () => {
  shard = await OneShard.create();
}, 30_000);
afterEach(() => shard.clear());
afterAll(() => shard.drop());

const said = () => shard.broker.rows.map(({ type, payload }) => (type === markerType ? 'marker' : payload));
const inBase = async () =>
  (
    await shard.rows<{ payload: string }>(
      `SELECT payload FROM outbox_message AS message
         JOIN outbox_marker AS marker ON marker.shard = message.shard AND pg_visible_in_snapshot(xid, base)
        ORDER BY message.id`,
    )
  ).map(({ payload }) => payload);

describe('a marker', () => {
  it('is published after everything in its base and before anything after it', async () => {
    await shard.messages('1', '2', '3');
    await requestMarkers(shard.database);
    shard.broker.beforeConfirm = async ([row]) => {
      if (row?.payload === '2') await shard.message('4'); // while the window is under way: it belongs to the next one
    };
    const pass = shard.newPass({ sliceSize: 1 });
    expect(await pass.run()).toEqual({ kind: 'more' });
    expect(said()).toEqual(['1', '2', '3', 'marker']);
    expect(await pass.run()).toEqual({ kind: 'drained' });
    expect(said()).toEqual(['1', '2', '3', 'marker', '4']);
    expect(await inBase()).toEqual(['1', '2', '3']);
  });

  it('is one message in each shard, with an id of its own, and is published once', async () => {
    const { set, shards } = await requestMarkers(shard.database);
    expect(shards).toBe(4);
    await shard.runOwners(3);
    const [ours, ...others] = await markersOf(shard.database, set);
    expect(ours).toMatchObject({ shard: 0, publishedAt: expect.any(Date) });
    expect(others.map(({ publishedAt }) => publishedAt)).toEqual([null, null, null]);
    expect(shard.broker.rows).toMatchObject([
      { message_id: ours?.messageId, key: set, shard: 0, type: markerType, payload: '{}', headers: {} },
    ]);
    const [settings] = await shard.rows<{ run_id: string }>('SELECT run_id FROM outbox_settings');
    expect(shard.broker.rows[0]?.run_id).toBe(settings?.run_id);
    expect(await markersOf(shard.database, '01920000-0000-7000-8000-000000000000')).toEqual([]);
  });

  it('keeps the base that it first left with when its owner dies before that is noted', async () => {
    await shard.message('1');
    await requestMarkers(shard.database, [0]);
    const dying = shard.newPass();
    shard.broker.beforeConfirm = async ([row]) => {
      if (row?.type === markerType) await dying.abandon(); // the marker is in the queue, and only the queue knows
    };
    expect(await dying.run()).toMatchObject({ kind: 'database-lost' });
    shard.broker.beforeConfirm = () => {};
    await shard.message('2');
    await shard.runOwners(1);
    expect(said()).toEqual(['1', 'marker', '2', 'marker']);
    expect(await inBase()).toEqual(['1']);
  });

  it('waits while the broker is away, and the live messages go first', async () => {
    await requestMarkers(shard.database, [0]);
    const pass = shard.newPass();
    shard.broker.beforeConfirm = () => {
      throw new Error('broker away');
    };
    expect(await pass.run()).toMatchObject({ kind: 'not-published' });
    await shard.message('1');
    expect(await pass.run()).toMatchObject({ kind: 'not-published' });
    shard.broker.beforeConfirm = () => {};
    await pass.run();
    expect(said().slice(-2)).toEqual(['1', 'marker']);
  });

  it('of a stale owner is refused: neither its base nor its publishing is noted', async () => {
    const stale = await HeldConnection.open(shard.outbox.relay);
    try {
      const progress = await takeShard(stale, 0);
      await shard.runOwners(1);
      const { set } = await requestMarkers(shard.database, [0]);
      await expect(publishMarkers(stale, progress, shard.broker.publish)).rejects.toThrow('another relay');
      expect(shard.broker.rows).toEqual([]);
      expect(await shard.rows('SELECT base, published_at FROM outbox_marker')).toEqual([
        { base: null, published_at: null },
      ]);

      const next = shard.newPass();
      shard.broker.beforeConfirm = async () => {
        shard.broker.beforeConfirm = () => {};
        await shard.runOwners(1); // it publishes the marker, too, and notes it
        await shard.rows('UPDATE outbox_marker SET published_at = NULL');
      };
      expect(await next.run()).toEqual({ kind: 'lost-ownership' });
      expect(await markersOf(shard.database, set)).toMatchObject([{ publishedAt: null }]);
    } finally {
      await stale.giveBack();
    }
  });

  it('tells which messages were published before it', async () => {
    const before = async (set: string) => {
      const places = await stationsOf(shard.database, [shard.key(0)], set);
      const rows = await shard.rows<{ message_id: string }>(
        'SELECT message_id FROM outbox_message ORDER BY id',
      );
      return rows.map(({ message_id }) => places.get(message_id));
    };
    await shard.message('1');
    const { set } = await requestMarkers(shard.database);
    expect(await before(set)).toEqual([{ station: 'outbox', beforeMarker: false }]);
    const pass = shard.newPass();
    await pass.run();
    await shard.message('2');
    await pass.run();
    await shard.message('3');
    expect(await before(set)).toEqual([
      { station: 'published', beforeMarker: true },
      { station: 'published', beforeMarker: false },
      { station: 'outbox', beforeMarker: false },
    ]);
  });
});
