import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { markerType } from '@paid-once/outbox';
import { Repair } from './repair.js';
import type { RepairStatus } from './report-repair.js';
import { FakeLedger } from './test/fake-ledger.js';
import { RelayRig } from './test/relay-rig.js';

jest.setTimeout(60_000);

describe('the repair', () => {
  let rig: RelayRig;
  let ledger: FakeLedger;
  /** Message ids that the broker confirmed and then lost. */
  let lost: Set<string>;
  beforeEach(async () => {
    rig = await RelayRig.create(process.env);
    lost = new Set();
    ledger = await FakeLedger.start(
      (id) => !lost.has(id) && rig.deliveries.some(({ messageId }) => messageId === id),
    );
  });
  afterEach(async () => {
    await rig.stop();
    await ledger.stop();
  });

  const start = (repairEvery = 1, replayPerSecond = 100) =>
    rig.start({ repairEvery, replayPerSecond, ledgerUrl: ledger.url });
  const repair = async (app: NestFastifyApplication) =>
    (await app.inject('/status')).json<{ repair: RepairStatus }>().repair;
  const markers = () => rig.deliveries.filter(({ type }) => type === markerType);
  const published = () => rig.deliveries.filter(({ type }) => type !== markerType);
  const allVerified = async (app: NestFastifyApplication) => {
    const { waitingFor, shards } = await repair(app);
    expect({
      waitingFor,
      unverified: shards.filter(({ verifiedSeconds }) => verifiedSeconds === null),
    }).toEqual({
      waitingFor: null,
      unverified: [],
    });
    expect(await rig.unverified()).toEqual([]);
  };

  it('E5 E6: publishes again exactly what was confirmed and never arrived, under the same message ids, and again when that is lost, too', async () => {
    const app = await start();
    await rig.enqueue(...rig.payments(40));
    await eventually(() => expect(published()).toHaveLength(40));
    await eventually(() => allVerified(app));
    expect(await repair(app)).toMatchObject({
      every: 1,
      missingFound: 0,
      lastVerifiedAt: expect.any(String),
    });

    await ledger.stop();
    await rig.enqueue(...rig.payments(40));
    await eventually(() => expect(published()).toHaveLength(80));
    lost = new Set(
      published()
        .slice(45, 60)
        .map(({ messageId = '' }) => messageId),
    );
    ledger = await FakeLedger.start(
      (id) => {
        const copies = rig.deliveries.filter(({ messageId }) => messageId === id).length;
        return copies > (lost.has(id) ? 2 : 0); // the first two copies are lost
      },
      Number(new URL(ledger.url).port),
    );
    await eventually(async () => expect(await repair(app)).toMatchObject({ missingFound: 30 }));
    await eventually(() => expect(published()).toHaveLength(110));
    expect(
      new Set(
        published()
          .slice(80)
          .map(({ messageId }) => messageId),
      ),
    ).toEqual(lost);
    await eventually(() => allVerified(app));
    expect(await repair(app)).toMatchObject({ missingFound: 30 });
    expect(published()).toHaveLength(110);
  });

  it('verifies no window as long as a message of it is missing, however often that was published again', async () => {
    await ledger.stop();
    const app = await start();
    await rig.enqueue(...rig.payments(20));
    await eventually(() => expect(published()).toHaveLength(20));
    lost = new Set([published()[0]?.messageId ?? '']);
    ledger = await FakeLedger.start(
      (id) => !lost.has(id) && rig.deliveries.some(({ messageId }) => messageId === id),
      Number(new URL(ledger.url).port),
    );
    await eventually(async () => expect((await repair(app)).missingFound).toBeGreaterThan(1));
    expect(await rig.unverified()).toEqual(expect.arrayContaining([...lost])); // or retention would remove it
    await eventually(async () => expect((await repair(app)).waitingFor).toMatch(/a while, because/));
    await eventually(async () => {
      const verified = (await repair(app)).shards.filter(({ verifiedSeconds }) => verifiedSeconds !== null);
      expect(verified).toHaveLength(3);
    });
    lost.clear();
    await eventually(() => allVerified(app));
  });

  it('asks for what is missing once, and looks again only when all of it was published again', async () => {
    const app = await start(1, 3);
    const isDeliveredTwice = (id: string) =>
      rig.deliveries.filter(({ messageId }) => messageId === id).length > (lost.has(id) ? 1 : 0);
    await ledger.stop();
    await rig.enqueue(...rig.payments(40));
    await eventually(() => expect(published()).toHaveLength(40));
    lost = new Set(published().map(({ messageId = '' }) => messageId));
    ledger = await FakeLedger.start(isDeliveredTwice, Number(new URL(ledger.url).port));
    await eventually(() => allVerified(app), 40_000);
    expect(await repair(app)).toMatchObject({ missingFound: 40 });
    expect(published()).toHaveLength(80);
  });

  it('asks about at most a thousand messages at once, and about none that is verified already', async () => {
    const app = await start();
    await rig.enqueue(...rig.payments(5_000));
    // Different ones: on a busy machine a confirm may come too late, and then they are published once more.
    const ids = () => new Set(published().map(({ messageId }) => messageId));
    await eventually(() => expect(ids().size).toBe(5_000), 45_000);
    await eventually(() => allVerified(app));
    const asked = ledger.requests.filter(({ path }) => path === '/inbox/unknown').map(({ ids }) => ids);
    expect(Math.max(...asked)).toBe(1_000);
    expect(asked.reduce((sum, ids) => sum + ids, 0)).toBe(5_000);

    ledger.requests = [];
    const markersBefore = markers().length;
    const before = await repair(app);
    await eventually(async () =>
      expect((await repair(app)).lastVerifiedAt?.valueOf()).not.toBe(before.lastVerifiedAt?.valueOf()),
    );
    expect([ledger.requests, markers().length]).toEqual([[], markersBefore]); // nothing new: no marker, no question
  }, 120_000);

  it('waits for one marker a shard as long as that may only be late, then publishes another', async () => {
    await rig.enqueue(...rig.payments(20));
    await ledger.stop();
    ledger = await FakeLedger.start(
      (id) => id !== markers()[0]?.messageId && rig.deliveries.some(({ messageId }) => messageId === id),
    );
    const app = await start();
    await eventually(() => expect(markers().length).toBeGreaterThanOrEqual(1));
    const publishedAt = performance.now();
    const ofThatShard = () => markers().filter(({ queue }) => queue === markers()[0]?.queue);
    await eventually(() => expect(ofThatShard()).toHaveLength(2), 30_000);
    expect(performance.now() - publishedAt).toBeGreaterThan(2_000); // the third round since, each takes a second
    await eventually(() => allVerified(app), 30_000);
    expect(markers().length).toBeGreaterThanOrEqual(4);
  });

  it('waits while the ledger is away, says so, and costs nothing but delay', async () => {
    await ledger.stop();
    const app = await start();
    await rig.enqueue(...rig.payments(20));
    await eventually(async () => expect((await repair(app)).waitingFor).toMatch(/its marker to arrive/));
    expect(await rig.unverified()).toHaveLength(20);
    await rig.enqueue(...rig.payments(20));
    await eventually(() => expect(published()).toHaveLength(40));
    ledger = await FakeLedger.start(
      (id) => rig.deliveries.some(({ messageId }) => messageId === id),
      Number(new URL(ledger.url).port),
    );
    await eventually(() => allVerified(app), 30_000);
    expect(published()).toHaveLength(40);
    expect(await repair(app)).toMatchObject({ missingFound: 0 });
  });

  it('E8: lets the ledger park first what the broker has dead-lettered, but does not wait for ever', async () => {
    ledger.deadLettersInBroker = 3;
    const app = await start();
    await rig.enqueue(...rig.payments(20));
    await eventually(async () => expect((await repair(app)).waitingFor).toMatch(/park what the broker/));
    expect(ledger.requests.filter(({ path }) => path === '/inbox/unknown')).toEqual([]);
    await eventually(() => allVerified(app), 30_000);
  });

  it('stops while the ledger holds an answer back, and does not wait for it', async () => {
    const app = await start();
    ledger.isHanging = true;
    await rig.enqueue(...rig.payments(20));
    await eventually(() => expect(ledger.requests.length).toBeGreaterThan(0));
    const startedAt = performance.now();
    await app.close();
    expect(performance.now() - startedAt).toBeLessThan(4_500); // an answer is waited for for 5 s
  });

  it('publishes nothing again that the inbox may have forgotten: it would be parked, not posted', async () => {
    ledger.oldest = 'ffffffff-ffff-7fff-bfff-ffffffffffff';
    const app = await start();
    await rig.enqueue(...rig.payments(8));
    await eventually(() => expect(published()).toHaveLength(8));
    lost = new Set(published().map(({ messageId = '' }) => messageId));
    await eventually(() => allVerified(app));
    expect(await repair(app)).toMatchObject({ missingFound: 0 });
    expect(published()).toHaveLength(8);
  });

  it('with 0 seconds it is off: no marker is ever published', async () => {
    const app = await start(0);
    await rig.enqueue(...rig.payments(8));
    await eventually(() => expect(published()).toHaveLength(8));
    await app.get(Repair).tick(); // the clock's own may not have come yet
    expect(await repair(app)).toEqual({
      every: 0,
      lastVerifiedAt: null,
      missingFound: 0,
      waitingFor: null,
      shards: [],
    });
    expect([markers(), ledger.requests]).toEqual([[], []]);
  });
});

async function eventually(check: () => Promise<void> | void, withinMs = 20_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
