import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { enqueue, OutboxProgress, wakeRelays } from './index.js';
import { ShardOwnership } from './shard-ownership.js';
import { eventually } from './test/eventually.js';
import { FreezableLink } from './test/freezable-link.js';
import { OutboxDatabase } from './test/outbox-database.js';
import { RunningRelay } from './test/running-relay.js';

describe('relays', () => {
  let outbox: OutboxDatabase;
  let running: RunningRelay[];
  beforeEach(async () => {
    outbox = await OutboxDatabase.create(process.env['TEST_PAYMENTS_ADMIN_URL']);
    running = [];
  });
  afterEach(async () => {
    await Promise.all(running.map((relay) => relay.stop()));
    await outbox.drop();
  });

  const start = async (name: string, url = outbox.url) => {
    const relay = await RunningRelay.start(name, url);
    running.push(relay);
    return relay;
  };
  const messages = (count: number, name = 'message') =>
    outbox.database.transaction((tx) =>
      enqueue(
        tx,
        Array.from({ length: count }, (_, index) => ({
          type: 't',
          key: `k${index}`,
          payload: `${name} ${index}`,
        })),
      ),
    );
  const inShards = async () => {
    const rows = await outbox.database.query<{ shard: number; count: number }[]>(
      'SELECT shard, count(*)::int AS count FROM outbox_message GROUP BY shard',
    );
    return new Map(rows.map(({ shard, count }) => [shard, count]));
  };
  const shardsOf = (...relays: RunningRelay[]) => relays.map(({ shards }) => shards);
  const published = (...relays: RunningRelay[]) =>
    new Set(relays.flatMap(({ broker }) => broker.payloads)).size;

  it('C4: share the shards evenly, and the last one takes all of them', async () => {
    const one = await start('relay one');
    await eventually(() => expect(shardsOf(one)).toEqual([4]));
    const two = await start('relay two');
    await eventually(() => expect(shardsOf(one, two)).toEqual([2, 2]));
    await messages(40);
    await eventually(() => expect(published(one, two)).toBe(40));
    expect([...one.broker.payloads, ...two.broker.payloads].toSorted()).toHaveLength(40); // nothing twice either
    await one.stop();
    await eventually(() => expect(shardsOf(two)).toEqual([4]));
    running.splice(0, 1);
  }, 30_000);

  it('C12: publish at once when they are woken, and within the next look when the wake-up was lost', async () => {
    const relay = await start('relay');
    await eventually(() => expect(shardsOf(relay)).toEqual([4]));
    relay.hang(); // it does not look by itself
    await messages(4, 'one');
    wakeRelays(outbox.database);
    await eventually(() => expect(published(relay)).toBe(4), 3_000);
    await messages(4, 'two');
    relay.goOn();
    await eventually(() => expect(published(relay)).toBe(8));
  }, 30_000);

  it('C12: look only into the shards that a wake-up names, and into all when it names none', async () => {
    const relay = await start('relay');
    await eventually(() => expect(shardsOf(relay)).toEqual([4]));
    relay.hang(); // it does not look by itself
    await relay.relay.beat();
    await eventually(() => expect(relay.lastOutcomes.size).toBe(4)); // each has looked once, as it began
    await messages(40);
    const waiting = await inShards();
    expect(waiting.size).toBe(4);
    wakeRelays(outbox.database, '1,3');
    const named = (waiting.get(1) ?? 0) + (waiting.get(3) ?? 0);
    await eventually(() => expect(published(relay)).toBe(named), 3_000);
    wakeRelays(outbox.database);
    await eventually(() => expect(published(relay)).toBe(40), 3_000);
  }, 30_000);

  it('leave out every second sign of life while nothing waits, and none when something was committed', async () => {
    const relay = await start('relay');
    await eventually(() => expect(shardsOf(relay)).toEqual([4]));
    relay.hang();
    await relay.relay.beat();
    await eventually(async () => {
      await relay.relay.beat();
      expect(relay.outcomes.slice(-4).map(({ kind }) => kind)).toEqual(Array(4).fill('drained'));
    });
    const beatsIn = async (ticks: number) => {
      const before = relay.beats;
      for (let tick = 0; tick < ticks; tick++) await relay.relay.beat();
      return relay.beats - before;
    };
    expect(await beatsIn(10)).toBe(5);
    await messages(4);
    wakeRelays(outbox.database);
    await eventually(() => expect(published(relay)).toBe(4));
    expect(await beatsIn(1)).toBe(1);
  }, 30_000);

  it('C6: have taken over when a process dies before any time-out could tell', async () => {
    const [dying, other] = [await start('dying'), await start('other')];
    await eventually(() => expect(shardsOf(dying, other)).toEqual([2, 2]));
    dying.hang();
    await outbox.killSessions('dying locks'); // what the server sees of a kill -9
    expect(await eventually(() => expect(other.shards).toBe(4))).toBeLessThan(4_500); // the session’s is 5 s
    expect(dying.shards).toBe(0);
  }, 30_000);

  it('C7: have taken over within 15 s when one hangs, which publishes nothing more by then', async () => {
    const [hanging, other] = [await start('hanging'), await start('other')];
    await eventually(() => expect(shardsOf(hanging, other)).toEqual([2, 2]));
    hanging.hang();
    await eventually(() => expect(other.shards).toBe(4), 15_000);
    await messages(40);
    hanging.relay.wake();
    await eventually(() => expect(published(other)).toBe(40));
    expect(hanging.broker.payloads).toEqual([]);
    hanging.goOn();
    await eventually(() => expect(shardsOf(hanging, other)).toEqual([2, 2]));
  }, 60_000);

  it('C7: have taken over within 15 s when the link of one goes silent, and share again when it is back', async () => {
    const link = await FreezableLink.to(outbox.url);
    try {
      const [cutOff, other] = [await start('cut off', link.url), await start('other')];
      await eventually(() => expect(shardsOf(cutOff, other)).toEqual([2, 2]));
      link.freeze();
      cutOff.relay.wake(); // what it asks the database now is never answered
      await messages(40);
      await eventually(() => expect(other.shards).toBe(4), 15_000);
      await eventually(() => expect(published(other)).toBe(40));
      await eventually(() => expect(cutOff.shards).toBe(0));
      link.thaw();
      await eventually(() => expect(shardsOf(cutOff, other)).toEqual([2, 2]), 15_000);
      await messages(40, 'after');
      await eventually(() => expect(published(cutOff, other)).toBe(80));
    } finally {
      await link.close();
    }
  }, 60_000);

  it('C7: are not sure of their shards any more after 4 s without an answer, whatever else they notice', async () => {
    const link = await FreezableLink.to(outbox.url);
    const ownership = new ShardOwnership({
      url: link.url,
      applicationName: 'a',
      onWake: () => {},
      onLost: () => {},
    });
    try {
      const beforeBeat = performance.now();
      expect((await ownership.beat([])).map(({ ours }) => ours)).toEqual([true, true, true, true]);
      expect(ownership.isSure).toBe(true);
      link.freeze();
      let lastSureAt = beforeBeat;
      await eventually(() => {
        const now = performance.now();
        if (ownership.isSure) lastSureAt = now;
        expect(ownership.isSure).toBe(false);
      });
      expect(lastSureAt - beforeBeat).toBeGreaterThan(3_000);
      expect(lastSureAt - beforeBeat).toBeLessThan(4_500); // the server ends the session 5 s after it last heard of it
    } finally {
      ownership.close();
      await link.close();
    }
  }, 30_000);

  it('D5: try again ever more slowly while the broker is away, and go on at once when told that it is back', async () => {
    const relay = await start('relay');
    relay.broker.beforeConfirm = () => {
      throw new Error('broker away');
    };
    await messages(40);
    const failures = () => relay.outcomes.filter(({ kind }) => kind === 'not-published').length;
    expect(await eventually(() => expect(failures()).toBeGreaterThanOrEqual(16))).toBeGreaterThan(700); // 4 shards
    relay.broker.beforeConfirm = () => {};
    relay.relay.retry();
    await eventually(
      () => expect(relay.outcomes.filter(({ kind }) => kind === 'drained').length).toBeGreaterThan(3),
      1_000,
    );
    expect(published(relay)).toBe(40);
  }, 30_000);

  it('have nothing more to say of a shard that they gave away while it was failing', async () => {
    const one = await start('one');
    one.broker.beforeConfirm = () => {
      throw new Error('broker away');
    };
    const failing = () =>
      [...one.lastOutcomes].filter(([, { kind }]) => kind === 'not-published').map(([shard]) => shard);
    await messages(40);
    await eventually(() => expect(failing()).toHaveLength(4));
    const two = await start('two');
    await eventually(() => expect(shardsOf(one, two)).toEqual([2, 2]));
    expect(failing().toSorted((a, b) => a - b)).toEqual(one.relay.ownedShards);
  }, 30_000);

  it('raise the epoch of a shard with each owner', async () => {
    const relay = await start('relay');
    const epochs = async () => {
      const rows = await outbox.database.manager.find(OutboxProgress, {
        order: { shard: 'ASC', seq: 'DESC' },
      });
      return [...Map.groupBy(rows, ({ shard }) => shard).values()].map(([newest]) => newest?.epoch);
    };
    await messages(40);
    await eventually(async () => expect(await epochs()).toEqual(['1', '1', '1', '1']));
    await relay.stop();
    running.pop();
    await start('next');
    await messages(40);
    await eventually(async () => expect(await epochs()).toEqual(['2', '2', '2', '2']));
  }, 30_000);

  it('C15: look at their shards once when one look takes longer than the time between two', async () => {
    const link = await FreezableLink.to(outbox.url);
    try {
      const relay = await start('slow', link.url);
      await eventually(() => expect(shardsOf(relay)).toEqual([4]));
      relay.hang(); // its own clock: these are the ticks
      link.freeze();
      const ticks = Array.from({ length: 5 }, () => relay.relay.beat());
      expect(new Set(ticks).size).toBe(1);
      link.thaw(); // cuts what was silent
      await Promise.all(ticks);
      const next = relay.relay.beat();
      expect(ticks).not.toContain(next); // the next one is a look of its own
      await next;
      expect(shardsOf(relay)).toEqual([4]);
    } finally {
      await link.close();
    }
  }, 30_000);
});
