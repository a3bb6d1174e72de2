import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { PaymentsDatabase, startPayments } from '../../test/payments-app.js';
import { PublishingRelay } from '../../test/publishing-relay.js';

let database: PaymentsDatabase;
let app: NestFastifyApplication;
let relay: PublishingRelay;

beforeAll(async () => {
  database = await PaymentsDatabase.create();
  app = await startPayments(database);
  relay = await PublishingRelay.start(database);
}, 30_000);
afterAll(async () => {
  await relay.stop();
  await app.close();
  await database.drop();
});

const who = { by: 'ann', why: 'the broker lost its disk' };
const unknownPayment = '01920000-0000-7000-8000-000000000000';

async function post(url: string, body: unknown = {}, headers: Record<string, string> = {}) {
  const answer = await app.inject({
    method: 'POST',
    url,
    headers: { 'content-type': 'application/json', ...headers },
    payload: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: answer.statusCode, body: answer.json<Record<string, unknown>>() };
}
async function get(url: string) {
  const answer = await app.inject(url);
  return { status: answer.statusCode, body: answer.json<Record<string, unknown>>() };
}
async function pay(currency = 'EUR'): Promise<string> {
  const answer = await post(
    '/payments',
    { src: 'bianca', dest: 'marc', amount: '12', currency },
    { 'idempotency-key': randomUUID() },
  );
  return String(answer.body['id']);
}
const reverse = (id: string) => post(`/payments/${id}/reversal`, {}, { 'idempotency-key': randomUUID() });
const messageIds = async (paymentId: string) =>
  (
    await database.rows('SELECT message_id FROM payment_event WHERE payment_id = $1 ORDER BY type', [
      paymentId,
    ])
  ).map(({ message_id }) => String(message_id));
const published = async (...paymentIds: string[]) => {
  const ids = (await Promise.all(paymentIds.map(messageIds))).flat();
  await eventually(() => expect(relay.messageIds).toEqual(expect.arrayContaining(ids)));
  return ids;
};
const finished = (ids: unknown) =>
  eventually(async () => {
    for (const id of ids as string[])
      expect((await get(`/outbox/interventions/${id}`)).body['finishedAt']).toEqual(expect.any(String));
  });
/** A payment that could not be published for a while, and its reversal behind it. */
async function deadPayment(reason: string, currency = 'EUR'): Promise<string> {
  const id = await pay(currency);
  relay.poison.set(id, reason);
  await reverse(id);
  // The relay may have been quicker than the poison.
  await database.rows(
    `INSERT INTO outbox_dead_letter (id, shard, key, message_id, type, reason)
     SELECT id, shard, key, message_id, type, CASE type WHEN 'payment.accepted' THEN $2 ELSE 'behind' END
       FROM outbox_message WHERE key = $1 ON CONFLICT DO NOTHING`,
    [id, reason],
  );
  return id;
}

describe('markers', () => {
  it('are asked for in every shard, and tell what was published before them', async () => {
    const early = await pay();
    await published(early);
    const asked = await post('/outbox/markers');
    expect(asked).toMatchObject({ status: 201, body: { shards: 4 } });
    const set = String(asked.body['set']);
    await eventually(async () => {
      const { body } = await get(`/outbox/markers/${set}`);
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
    const late = await pay();
    await published(late);
    await eventually(async () =>
      expect((await get(`/stations?payment=${early}&payment=${late}&marker=${set}`)).body).toMatchObject([
        { paymentId: early, station: 'published', beforeMarker: true },
        { paymentId: late, station: 'published', beforeMarker: false },
      ]),
    );
    await database.rows('DELETE FROM outbox_message WHERE key = $1', [late]); // as retention does, much later
    expect((await get(`/stations?payment=${late}&marker=${set}`)).body).toMatchObject([
      { beforeMarker: true },
    ]);
    const [station] = (await get(`/stations?payment=${early}`)).body as unknown as object[];
    expect(station).not.toHaveProperty('beforeMarker');
  });

  it('that nobody asked for are 404', async () => {
    for (const url of [
      `/outbox/markers/${randomUUID()}`,
      '/outbox/markers/x',
      `/stations?payment=${unknownPayment}&marker=${randomUUID()}`,
    ])
      expect(await get(url)).toMatchObject({ status: 404, body: { type: '/problems/markers-not-found' } });
  });
});

describe('a replay', () => {
  it('H8: asked for twice publishes the same messages again, makes none, and says who asked', async () => {
    const id = await pay();
    await reverse(id);
    const ids = await published(id);
    const before = await database.count('outbox_message');
    const first = await post('/outbox/replays', { ...who, payments: [id, unknownPayment] });
    expect(first).toMatchObject({ status: 202, body: { messages: 2, notInHistory: [unknownPayment] } });
    const second = await post('/outbox/replays', { ...who, payments: [id] });
    await finished([first.body['interventions'], second.body['interventions']].flat());
    expect(relay.messageIds.filter((messageId) => ids.includes(messageId))).toEqual([...ids, ...ids, ...ids]);
    expect(await database.count('outbox_message')).toBe(before);
    const list = await get('/outbox/interventions?limit=2');
    const done = { kind: 'replay', ...who, messages: 2, failure: null, finishedAt: expect.any(String) };
    expect(list.body).toMatchObject({ items: [done, done], open: 0 });
  });

  it('of payments whose messages retention has removed enqueues them anew, under their own ids, once', async () => {
    const id = await pay();
    await reverse(id);
    const ids = await published(id);
    await database.rows('DELETE FROM outbox_message WHERE key = $1', [id]);
    const answers = await Promise.all(
      [1, 2, 3].map(() => post('/outbox/replays', { ...who, payments: [id] })),
    );
    expect(answers.map(({ body }) => body['messages'])).toEqual([2, 2, 2]);
    expect(
      await database.rows('SELECT message_id FROM outbox_message WHERE key = $1 ORDER BY id', [id]),
    ).toEqual(ids.map((message_id) => ({ message_id })));
    await eventually(() =>
      expect(relay.messageIds.filter((messageId) => ids.includes(messageId)).slice(2, 4)).toEqual(ids),
    );
    await finished(answers.flatMap(({ body }) => body['interventions']));
  });

  it('takes the last so many seconds, or a thousand payments at once', async () => {
    const ids = await published(await pay());
    const { status, body } = await post('/outbox/replays', { ...who, sinceSeconds: 7_200 });
    expect([status, (body['interventions'] as string[]).length]).toEqual([202, 4]);
    expect(body['messages']).toBeGreaterThan(0);
    await finished(body['interventions']);
    expect(relay.messageIds.filter((messageId) => ids.includes(messageId)).length).toBeGreaterThan(1);
    const payments = Array.from(
      { length: 1_000 },
      (_, index) => `01920000-0000-7000-8000-${String(index).padStart(12, '0')}`,
    );
    const many = await post('/outbox/replays', { ...who, payments });
    expect(many).toMatchObject({ status: 202, body: { interventions: [], messages: 0 } });
    expect(many.body['notInHistory']).toHaveLength(1_000);
    expect(
      (await post('/outbox/replays', { ...who, payments: [...payments, unknownPayment.replace('-0', '-f')] }))
        .status,
    ).toBe(422);
  });
});

describe('dead letters', () => {
  it('C9: are listed with their money, redriven in order, or dropped by somebody who knows how many', async () => {
    const tooLarge = await deadPayment('too large');
    const invalid = await deadPayment('invalid', 'JPY');
    const { body } = await get('/outbox/dead-letters');
    expect(body).toMatchObject({
      count: 4,
      groups: expect.arrayContaining([
        {
          reason: 'behind',
          type: 'payment.reversed',
          count: 2,
          totals: { EUR: '12.00', JPY: '12' },
          firstSeen: expect.any(String),
          lastSeen: expect.any(String),
          oldestSeconds: expect.any(Number),
        },
        expect.objectContaining({ reason: 'too large', type: 'payment.accepted', totals: { EUR: '12.00' } }),
        expect.objectContaining({ reason: 'invalid', type: 'payment.accepted', totals: { JPY: '12' } }),
      ]),
    });

    const page = await get('/outbox/dead-letters/messages?limit=1');
    const first = (page.body['items'] as { id: string }[])[0]?.id;
    expect(page.body).toMatchObject({
      items: [
        {
          messageId: (await messageIds(tooLarge))[0],
          paymentId: tooLarge,
          type: 'payment.accepted',
          reason: 'too large',
          detail: null,
          headers: {},
          payload: expect.stringContaining(tooLarge),
          droppedAt: null,
        },
      ],
      next: first,
    });
    expect(
      (await get(`/outbox/dead-letters/messages?after=${first}&payment=${tooLarge}`)).body,
    ).toMatchObject({
      items: [{ paymentId: tooLarge, type: 'payment.reversed', reason: 'behind' }],
      next: null,
    });

    relay.poison.clear();
    relay.published.length = 0;
    const redrive = await post('/outbox/dead-letters/redrive', { ...who, reason: 'too large' });
    expect(redrive).toMatchObject({ status: 202, body: { messages: 2 } });
    await finished(redrive.body['interventions']);
    expect(relay.messageIds).toEqual(await messageIds(tooLarge));

    const refused = await post('/outbox/dead-letters/drop', { ...who, payments: [invalid], expect: 1 });
    expect(refused).toMatchObject({ status: 409, body: { type: '/problems/count-differs' } });
    expect(refused.body['detail']).toBe('You expect 1, there are 2. Nothing was dropped.');
    expect((await get('/outbox/dead-letters')).body['count']).toBe(2);
    const drop = await post('/outbox/dead-letters/drop', { ...who, all: true, expect: 2 });
    expect(drop).toMatchObject({ status: 200, body: { dropped: 2 } });
    expect((await get('/outbox/dead-letters')).body).toEqual({ count: 0, groups: [] });
    expect((await get('/outbox/dead-letters?dropped=true')).body['count']).toBe(2);
    expect((await get('/outbox/dead-letters/messages?reason=behind')).body).toMatchObject({
      items: [{ paymentId: invalid, droppedBy: 'ann', droppedWhy: who.why, droppedAt: expect.any(String) }],
    });
  });
});

describe('the messages of a payment', () => {
  it('are shown with their stations, their times, and what was asked to be done with them', async () => {
    const id = await pay();
    const ids = await published(id);
    const replay = await post('/outbox/replays', { ...who, payments: [id] });
    await finished(replay.body['interventions']);
    await eventually(async () =>
      expect((await get(`/outbox/messages?payment=${id}`)).body).toMatchObject([
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
    const dead = await deadPayment('too large');
    expect((await get(`/outbox/messages?payment=${dead}`)).body).toMatchObject([
      {
        station: 'dead-lettered',
        publishedAt: null,
        deadLetter: { reason: 'too large', detail: null, droppedAt: null },
      },
      { station: 'dead-lettered', deadLetter: { reason: 'behind' } },
    ]);
    expect((await get(`/outbox/messages?payment=${unknownPayment}`)).body).toEqual([]);
  });
});

describe('a request to the outbox', () => {
  const bad: [string, string, unknown, number, string][] = [
    ['no JSON object', '/outbox/replays', '[]', 400, 'malformed-json'],
    ['broken JSON', '/outbox/replays', '{', 400, 'malformed-json'],
    ['nobody', '/outbox/replays', { why: 'x', sinceSeconds: 1 }, 422, 'validation-failed'],
    ['no reason why', '/outbox/replays', { by: 'ann', why: ' ', sinceSeconds: 1 }, 422, 'validation-failed'],
    [
      'control characters',
      '/outbox/replays',
      { ...who, why: 'a\u001b[2J', sinceSeconds: 1 },
      422,
      'validation-failed',
    ],
    ['nothing to replay', '/outbox/replays', who, 422, 'validation-failed'],
    [
      'two things to replay',
      '/outbox/replays',
      { ...who, payments: [unknownPayment], sinceSeconds: 1 },
      422,
      'validation-failed',
    ],
    ['no payments', '/outbox/replays', { ...who, payments: [] }, 422, 'validation-failed'],
    ['no payment ids', '/outbox/replays', { ...who, payments: ['x'] }, 422, 'validation-failed'],
    ['no whole seconds', '/outbox/replays', { ...who, sinceSeconds: 1.5 }, 422, 'validation-failed'],
    ['seconds as text', '/outbox/replays', { ...who, sinceSeconds: '1' }, 422, 'validation-failed'],
    [
      'an unknown field',
      '/outbox/dead-letters/redrive',
      { ...who, all: true, force: true },
      422,
      'validation-failed',
    ],
    ['all: false', '/outbox/dead-letters/redrive', { ...who, all: false }, 422, 'validation-failed'],
    ['no count', '/outbox/dead-letters/drop', { ...who, all: true }, 422, 'validation-failed'],
    [
      'less than none',
      '/outbox/dead-letters/drop',
      { ...who, all: true, expect: -1 },
      422,
      'validation-failed',
    ],
  ];
  it.each(bad)('with %s is refused and changes nothing', async (_what, url, body, status, slug) => {
    const before = await database.count('outbox_intervention');
    expect(await post(url, body)).toMatchObject({ status, body: { type: `/problems/${slug}`, status } });
    expect(await database.count('outbox_intervention')).toBe(before);
  });

  it.each([
    ['why', 1_000],
    ['by', 200],
  ])('takes a %s of %i characters, and no longer one', async (field, longest) => {
    const asking = (length: number) =>
      post('/outbox/replays', { ...who, payments: [unknownPayment], [field]: 'x'.repeat(length) });
    expect((await asking(longest)).status).toBe(202);
    expect(await asking(longest + 1)).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: `/${field}`, detail: `must have at most ${longest} characters` }] },
    });
  });

  it.each([
    '/outbox/interventions?limit=0',
    '/outbox/dead-letters?dropped=maybe',
    '/outbox/dead-letters/messages?after=x',
    '/outbox/dead-letters/messages?payment=x',
    '/outbox/messages',
    '/stations?marker=x',
  ])('%s is refused', async (url) => {
    expect(await get(url)).toMatchObject({ status: 400, body: { type: '/problems/invalid-parameter' } });
  });

  it('for an intervention that there is not is 404', async () => {
    for (const id of ['999999', 'x']) expect((await get(`/outbox/interventions/${id}`)).status).toBe(404);
  });
});

async function eventually(check: () => Promise<void> | void, withinMs = 10_000): Promise<void> {
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
