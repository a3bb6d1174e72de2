import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { enqueue, openInterventions, requestMarkers, requestReplay, wakeRelays } from './index.js';
import { eventually } from './test/eventually.js';
import { OutboxDatabase } from './test/outbox-database.js';
import { RunningRelay } from './test/running-relay.js';

describe('a relay that is asked for something', () => {
  let outbox: OutboxDatabase;
  let relay: RunningRelay;
  beforeEach(async () => {
    outbox = await OutboxDatabase.create(process.env['TEST_PAYMENTS_ADMIN_URL']);
    relay = await RunningRelay.start('relay', outbox.url, 5);
    await eventually(() => expect(relay.shards).toBe(4));
  });
  afterEach(async () => {
    await relay.stop();
    await outbox.drop();
  });

  const markers = () => relay.broker.rows.filter(({ type }) => type === 'outbox.marker').length;

  it('does it at once when it is woken, and within the next look when the wake-up was lost', async () => {
    relay.hang(); // it does not look by itself
    await requestMarkers(outbox.database);
    wakeRelays(outbox.database);
    await eventually(() => expect(markers()).toBe(4), 3_000);
    await requestMarkers(outbox.database);
    relay.goOn();
    await eventually(() => expect(markers()).toBe(8));
  }, 30_000);

  it('publishes history at its rate, one slice a second and shard, until all is done', async () => {
    const messages = Array.from({ length: 20 }, (_, index) => ({
      type: 't',
      key: outbox.keyOfShard0,
      payload: `${index}`,
    }));
    await outbox.database.transaction((tx) => enqueue(tx, messages));
    wakeRelays(outbox.database);
    await eventually(() => expect(relay.broker.rows).toHaveLength(20));
    const askedAt = performance.now();
    await requestReplay(outbox.database, { keys: [outbox.keyOfShard0] }, { by: 'test', why: 'the rate' });
    wakeRelays(outbox.database);
    await eventually(() => expect(relay.broker.rows).toHaveLength(40), 20_000);
    expect(performance.now() - askedAt).toBeGreaterThan(2_500); // four slices, three pauses of a little less than a second
    await eventually(async () => expect(await openInterventions(outbox.database)).toBe(0));
    expect(relay.broker.payloads.slice(20)).toEqual(messages.map(({ payload }) => payload));
  }, 30_000);
});
