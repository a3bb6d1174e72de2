import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { eventually } from './eventually.js';
import { LedgerService } from './ledger-service.js';
import { messageOf, payment } from './payment-messages.js';

jest.setTimeout(60_000);

const who = { by: 'ann', why: 'told to' };

describe('what is parked, over HTTP', () => {
  let service: LedgerService;
  const [late, one] = [payment({ amountMinor: '1250' }), payment()];
  const bad = payment({ amountMinor: '0' });
  const yen = payment({ currency: 'JPY', amountMinor: '700' });

  beforeAll(async () => {
    service = await LedgerService.start();
    const { runId } = service.ledger.setup;
    await service.broker.publish([
      messageOf(runId, late, 'payment.reversed'),
      messageOf(runId, yen, 'payment.reversed'),
      messageOf(runId, bad),
      messageOf(runId, one),
    ]);
    await eventually(
      async () => (await service.count('transfer')) === 1 && (await service.count('parked_message')) === 3,
    );
  });
  afterAll(() => service.stop());

  it('is grouped by reason and type, with number, money and age', async () => {
    const { body } = await service.get('/parked/groups');
    const times = {
      firstSeen: expect.any(String),
      lastSeen: expect.any(String),
      oldestSeconds: expect.any(Number),
    };
    expect(body).toEqual({
      count: 3,
      groups: [
        { reason: 'invalid', type: 'payment.accepted', count: 1, totals: { EUR: '0.00' }, ...times },
        {
          reason: 'waiting-for',
          type: 'payment.reversed',
          count: 2,
          totals: { EUR: '12.50', JPY: '700' },
          ...times,
        },
      ],
    });
  });

  it('is listed page by page, by reason and by payment', async () => {
    const ids = async (query: string) => {
      const { body } = await service.get(`/parked?${query}`);
      const { items, ...rest } = body as {
        items: { id: string; key: string }[];
        count: number;
        next: string;
      };
      return { keys: items.map(({ key }) => key), ...rest };
    };
    const first = await ids('limit=2');
    expect(first).toMatchObject({ count: 3, next: expect.any(String) });
    const second = await ids(`limit=2&after=${first.next}`);
    expect(second).toMatchObject({ count: 3, next: null });
    expect(new Set([...first.keys, ...second.keys])).toEqual(
      new Set([late.paymentId, yen.paymentId, bad.paymentId]),
    );
    expect(await ids('reason=invalid')).toMatchObject({ count: 1, keys: [bad.paymentId] });
    expect(await ids(`payment=${yen.paymentId}`)).toMatchObject({ count: 1, keys: [yen.paymentId] });
  });

  it('shows all messages of a payment, with their times', async () => {
    const messages = async (id: string) => (await service.get(`/inbox/messages?payment=${id}`)).body;
    const time = expect.stringMatching(/^\d{4}-.*Z$/);
    expect(await messages(one.paymentId)).toEqual([
      {
        type: 'payment.accepted',
        messageId: expect.any(String),
        receivedAt: time,
        postedAt: time,
        parked: [],
        history: [],
      },
    ]);
    expect(await messages(late.paymentId)).toEqual([
      {
        type: 'payment.reversed',
        messageId: expect.any(String),
        receivedAt: time,
        postedAt: null,
        parked: [
          {
            id: expect.any(String),
            reason: 'waiting-for',
            detail: expect.any(String),
            attempts: 1,
            firstSeenAt: time,
            lastSeenAt: time,
            droppedAt: null,
            droppedBy: null,
            droppedWhy: null,
          },
        ],
        history: [],
      },
    ]);
  });

  it('is redriven, and dropped only if there are as many as expected', async () => {
    const redriven = await service.ask('POST', '/parked/redrive', { ...who, all: true, limit: 2 });
    expect(redriven.body).toMatchObject({ redriven: { posted: 0 }, remaining: 1 });
    expect(
      (await service.ask('POST', '/parked/redrive', { ...who, all: true, limit: 2 })).body,
    ).toMatchObject({ remaining: 0 });
    const drop = (expect_: number) =>
      service.ask('POST', '/parked/drop', { ...who, payments: [bad.paymentId], expect: expect_ });
    expect(await drop(7)).toMatchObject({ status: 409, body: { type: '/problems/count-differs' } });
    expect(await drop(1)).toMatchObject({ status: 200, body: { dropped: 1 } });
    expect((await service.get('/parked/groups')).body).toMatchObject({ count: 2 });
    expect((await service.get('/parked/groups?dropped=true')).body).toMatchObject({ count: 1 });
    expect((await service.get('/parked')).body).toMatchObject({ count: 2 });
    expect((await service.get('/parked?dropped=true&reason=invalid')).body).toMatchObject({
      items: [{ droppedBy: 'ann', droppedWhy: 'told to', droppedAt: expect.any(String) }],
    });
    expect((await service.get('/parked/interventions')).body).toMatchObject({
      items: [
        { kind: 'drop', by: 'ann', why: 'told to', which: { keys: [bad.paymentId] }, messages: 1 },
        { kind: 'redrive', by: 'ann', messages: 3, finishedAt: expect.any(String) },
      ],
      open: 0,
    });
    expect((await service.get(`/stations?payment=${bad.paymentId}`)).body).toMatchObject([
      { station: 'parked', reason: 'invalid', droppedBy: 'ann', droppedWhy: 'told to' },
    ]);
    const [message] = (await service.get(`/inbox/messages?payment=${bad.paymentId}`)).body as object[];
    expect(message).toMatchObject({
      postedAt: null,
      parked: [{ reason: 'invalid', droppedBy: 'ann', droppedWhy: 'told to', droppedAt: expect.any(String) }],
      history: [
        {
          reason: 'invalid',
          at: expect.stringMatching(/^\d{4}-.*Z$/),
          by: 'ann',
          why: 'told to',
          parkedAgain: 'invalid',
        },
      ],
    });
  });

  it('that is not there any more is still known, with who redrove it', async () => {
    const data = payment();
    const message = messageOf(service.ledger.setup.runId, data);
    await service.ledger.admin.query(
      `WITH asked AS (
         INSERT INTO parked_intervention (kind, requested_by, why, which, until_id)
         VALUES ('redrive', 'ann', 'again', '{}', 0) RETURNING id
       )
       INSERT INTO parked_history (intervention_id, message_id, key, type, reason)
       SELECT id, $1, $2, 'payment.accepted', 'dead-lettered' FROM asked`,
      [message.messageId, data.paymentId],
    );
    expect((await service.get(`/inbox/messages?payment=${data.paymentId}`)).body).toMatchObject([
      {
        type: 'payment.accepted',
        messageId: message.messageId,
        receivedAt: null,
        postedAt: null,
        parked: [],
        history: [{ reason: 'dead-lettered', by: 'ann', why: 'again', parkedAgain: null }],
      },
    ]);
  });

  it.each([
    ['why', 1_000],
    ['by', 200],
  ])('takes a %s of %i characters, and no longer one', async (field, longest) => {
    const redriving = (length: number) =>
      service.ask('POST', '/parked/redrive', { ...who, ids: ['1'], [field]: 'x'.repeat(length) });
    expect((await redriving(longest)).status).toBe(200);
    expect(await redriving(longest + 1)).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: `/${field}`, detail: `must have at most ${longest} characters` }] },
    });
  });

  it.each([
    {},
    { ...who },
    { ...who, all: false },
    { ...who, all: true, reason: 'invalid' },
    { ...who, reason: 'no reason' },
    { ...who, payments: [] },
    { ...who, ids: ['x'] },
    { ...who, all: true, limit: 501 },
    { ...who, all: true, limit: '5' },
    { by: ' ', why: 'x', all: true },
    { by: 'a\nb', why: 'x', all: true },
    { ...who, all: true, more: 1 },
  ])('refuses to redrive %j', async (body) => {
    expect(await service.ask('POST', '/parked/redrive', body)).toMatchObject({
      status: 422,
      body: { type: '/problems/validation-failed' },
    });
  });
});
