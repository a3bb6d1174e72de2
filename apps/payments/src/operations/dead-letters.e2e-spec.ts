import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { OperationsRig, unknownPayment, who } from '../../test/operations-rig.js';

let rig: OperationsRig;
beforeAll(async () => {
  rig = await OperationsRig.start();
}, 30_000);
afterAll(() => rig.stop());

describe('dead letters', () => {
  it('C9: are listed with their money, redriven in order, or dropped by somebody who knows how many', async () => {
    const tooLarge = await rig.deadPayment('too large');
    const invalid = await rig.deadPayment('invalid', 'JPY');
    const { body } = await rig.get('/outbox/dead-letters');
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

    const page = await rig.get('/outbox/dead-letters/messages?limit=1');
    const first = (page.body['items'] as { id: string }[])[0]?.id;
    expect(page.body).toMatchObject({
      items: [
        {
          messageId: (await rig.messageIds(tooLarge))[0],
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
      (await rig.get(`/outbox/dead-letters/messages?after=${first}&payment=${tooLarge}`)).body,
    ).toMatchObject({
      items: [{ paymentId: tooLarge, type: 'payment.reversed', reason: 'behind' }],
      next: null,
    });

    rig.relay.poison.clear();
    rig.relay.published.length = 0;
    const redrive = await rig.post('/outbox/dead-letters/redrive', { ...who, reason: 'too large' });
    expect(redrive).toMatchObject({ status: 202, body: { messages: 2 } });
    await rig.finished(redrive.body['interventions']);
    expect(rig.relay.messageIds).toEqual(await rig.messageIds(tooLarge));

    const refused = await rig.post('/outbox/dead-letters/drop', { ...who, payments: [invalid], expect: 1 });
    expect(refused).toMatchObject({ status: 409, body: { type: '/problems/count-differs' } });
    expect(refused.body['detail']).toContain('You expect 1, there are 2. Nothing was dropped.');
    expect((await rig.get('/outbox/dead-letters')).body['count']).toBe(2);
    const drop = await rig.post('/outbox/dead-letters/drop', { ...who, all: true, expect: 2 });
    expect(drop).toMatchObject({ status: 200, body: { dropped: 2 } });
    expect((await rig.get('/outbox/dead-letters')).body).toEqual({ count: 0, groups: [] });
    expect((await rig.get('/outbox/dead-letters?dropped=true')).body['count']).toBe(2);
    expect((await rig.get('/outbox/dead-letters/messages?reason=behind')).body).toMatchObject({
      items: [{ paymentId: invalid, droppedBy: 'ann', droppedWhy: who.why, droppedAt: expect.any(String) }],
    });
    const [{ diedAt }] = (await rig.get(`/outbox/dead-letters/messages?payment=${invalid}&reason=invalid`))
      .body['items'] as [{ diedAt: string }];
    expect((await rig.get(`/stations?payment=${invalid}`)).body).toMatchObject([
      { station: 'dead-lettered', reason: 'invalid', since: diedAt, droppedBy: 'ann', droppedWhy: who.why },
      { station: 'dead-lettered', reason: 'behind', droppedBy: 'ann' },
    ]);
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
    const before = await rig.database.count('outbox_intervention');
    expect(await rig.post(url, body)).toMatchObject({ status, body: { type: `/problems/${slug}`, status } });
    expect(await rig.database.count('outbox_intervention')).toBe(before);
  });

  it.each([
    ['why', 1_000],
    ['by', 200],
  ])('takes a %s of %i characters, and no longer one', async (field, longest) => {
    const asking = (length: number) =>
      rig.post('/outbox/replays', { ...who, payments: [unknownPayment], [field]: 'x'.repeat(length) });
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
    expect(await rig.get(url)).toMatchObject({ status: 400, body: { type: '/problems/invalid-parameter' } });
  });

  it('for an intervention that there is not is 404', async () => {
    for (const id of ['999999', 'x']) expect((await rig.get(`/outbox/interventions/${id}`)).status).toBe(404);
  });
});
