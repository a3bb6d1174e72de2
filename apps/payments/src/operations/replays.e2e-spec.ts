import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, OperationsRig, unknownPayment, who } from '../../test/operations-rig.js';

let rig: OperationsRig;
beforeAll(async () => {
  rig = await OperationsRig.start();
}, 30_000);
afterAll(() => rig.stop());

describe('markers', () => {
  it('are asked for in every shard, and tell what was published before them', async () => {
    const early = await rig.pay();
    await rig.published(early);
    const asked = await rig.post('/outbox/markers');
    expect(asked).toMatchObject({ status: 201, body: { shards: 4 } });
    const set = String(asked.body['set']);
    await eventually(async () => {
      const { body } = await rig.get(`/outbox/markers/${set}`);
      expect(body).toMatchObject({
        set,
        markers: [0, 1, 2, 3].map((shard) => ({
          shard,
          messageId: expect.any(String),
          requestedAt: expect.any(String),
          publishedAt: expect.any(String),
        })),
      });
    });
    const late = await rig.pay();
    await rig.published(late);
    await eventually(async () =>
      expect((await rig.get(`/stations?payment=${early}&payment=${late}&marker=${set}`)).body).toMatchObject([
        { paymentId: early, station: 'published', beforeMarker: true },
        { paymentId: late, station: 'published', beforeMarker: false },
      ]),
    );
    await rig.database.rows('DELETE FROM outbox_message WHERE key = $1', [late]); // as retention does, much later
    expect((await rig.get(`/stations?payment=${late}&marker=${set}`)).body).toMatchObject([
      { beforeMarker: true },
    ]);
    const [station] = (await rig.get(`/stations?payment=${early}`)).body as unknown as object[];
    expect(station).not.toHaveProperty('beforeMarker');
  });

  it('that nobody asked for are 404', async () => {
    for (const url of [
      `/outbox/markers/${randomUUID()}`,
      '/outbox/markers/x',
      `/stations?payment=${unknownPayment}&marker=${randomUUID()}`,
    ])
      expect(await rig.get(url)).toMatchObject({
        status: 404,
        body: { type: '/problems/markers-not-found' },
      });
  });
});

describe('a replay', () => {
  it('H8: asked for twice publishes the same messages again, makes none, and says who asked', async () => {
    const id = await rig.pay();
    await rig.reverse(id);
    const ids = await rig.published(id);
    const before = await rig.database.count('outbox_message');
    const first = await rig.post('/outbox/replays', { ...who, payments: [id, unknownPayment] });
    expect(first).toMatchObject({ status: 202, body: { messages: 2, notInHistory: [unknownPayment] } });
    const second = await rig.post('/outbox/replays', { ...who, payments: [id] });
    await rig.finished([first.body['interventions'], second.body['interventions']].flat());
    expect(rig.relay.messageIds.filter((messageId) => ids.includes(messageId))).toEqual([
      ...ids,
      ...ids,
      ...ids,
    ]);
    expect(await rig.database.count('outbox_message')).toBe(before);
    const list = await rig.get('/outbox/interventions?limit=2');
    const done = { kind: 'replay', ...who, messages: 2, failure: null, finishedAt: expect.any(String) };
    expect(list.body).toMatchObject({ items: [done, done], open: 0 });
  });

  it('of payments whose messages retention has removed enqueues them anew, under their own ids, once', async () => {
    const id = await rig.pay();
    await rig.reverse(id);
    const ids = await rig.published(id);
    await rig.database.rows('DELETE FROM outbox_message WHERE key = $1', [id]);
    const answers = await Promise.all(
      [1, 2, 3].map(() => rig.post('/outbox/replays', { ...who, payments: [id] })),
    );
    expect(answers.map(({ body }) => body['messages'])).toEqual([2, 2, 2]);
    expect(answers.map(({ body }) => Number(body['enqueuedAnew'])).toSorted((a, b) => a - b)).toEqual([
      0, 0, 2,
    ]);
    expect(
      await rig.database.rows('SELECT message_id FROM outbox_message WHERE key = $1 ORDER BY id', [id]),
    ).toEqual(ids.map((message_id) => ({ message_id })));
    await eventually(() =>
      expect(rig.relay.messageIds.filter((messageId) => ids.includes(messageId)).slice(2, 4)).toEqual(ids),
    );
    await rig.finished(answers.flatMap(({ body }) => body['interventions']));
  });

  it('publishes no dead letter, and says how many it left', async () => {
    const dead = await rig.deadPayment('too large');
    const { body } = await rig.post('/outbox/replays', { ...who, payments: [dead] });
    expect(body).toMatchObject({
      interventions: [],
      messages: 0,
      enqueuedAnew: 0,
      deadLetters: 2,
      pending: 0,
    });
  });

  it('takes the last so many seconds, or a thousand payments at once', async () => {
    const ids = await rig.published(await rig.pay());
    const { status, body } = await rig.post('/outbox/replays', { ...who, sinceSeconds: 7_200 });
    expect([status, (body['interventions'] as string[]).length]).toEqual([202, 4]);
    expect(body['messages']).toBeGreaterThan(0);
    await rig.finished(body['interventions']);
    expect(rig.relay.messageIds.filter((messageId) => ids.includes(messageId)).length).toBeGreaterThan(1);
    const payments = Array.from(
      { length: 1_000 },
      (_, index) => `01920000-0000-7000-8000-${String(index).padStart(12, '0')}`,
    );
    const many = await rig.post('/outbox/replays', { ...who, payments });
    expect(many).toMatchObject({ status: 202, body: { interventions: [], messages: 0 } });
    expect(many.body['notInHistory']).toHaveLength(1_000);
    expect(
      (
        await rig.post('/outbox/replays', {
          ...who,
          payments: [...payments, unknownPayment.replace('-0', '-f')],
        })
      ).status,
    ).toBe(422);
  });
});

describe('the messages of a payment', () => {
  it('are shown with their stations, their times, and what was asked to be done with them', async () => {
    const id = await rig.pay();
    const ids = await rig.published(id);
    const replay = await rig.post('/outbox/replays', { ...who, payments: [id] });
    await rig.finished(replay.body['interventions']);
    await eventually(async () =>
      expect((await rig.get(`/outbox/messages?payment=${id}`)).body).toMatchObject([
        {
          type: 'payment.accepted',
          messageId: ids[0],
          shard: expect.any(Number),
          createdAt: expect.any(String),
          station: 'published',
          publishedAt: expect.any(String),
          deadLetter: null,
          interventions: [{ kind: 'replay', ...who, messages: 1 }],
        },
      ]),
    );
    const dead = await rig.deadPayment('too large');
    expect((await rig.get(`/outbox/messages?payment=${dead}`)).body).toMatchObject([
      {
        station: 'dead-lettered',
        publishedAt: null,
        deadLetter: { reason: 'too large', detail: null, droppedAt: null },
      },
      { station: 'dead-lettered', deadLetter: { reason: 'behind' } },
    ]);
    expect((await rig.get(`/outbox/messages?payment=${unknownPayment}`)).body).toEqual([]);
  });
});
