import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { expectCommitted } from '../../../../test/support/committed-contract.js';
import { eventually } from './eventually.js';
import { LedgerService } from './ledger-service.js';
import { messageOf, payment, uuidV7 } from './payment-messages.js';

jest.setTimeout(60_000);

describe("the ledger's HTTP side", () => {
  let service: LedgerService;
  const one = payment({ src: 'bianca', dest: 'marc', amountMinor: '1299', reference: 'rent' });
  const two = payment({ src: 'marc', dest: 'zoe', amountMinor: '5', currency: 'JPY' });
  const late = payment();
  const bad = payment({ amountMinor: '0' });

  beforeAll(async () => {
    service = await LedgerService.start();
    const { runId } = service.ledger.setup;
    await service.broker.publish([
      messageOf(runId, one),
      messageOf(runId, two),
      messageOf(runId, one, 'payment.reversed'),
      messageOf(runId, late, 'payment.reversed'),
      messageOf(runId, bad),
    ]);
    await eventually(
      async () => (await service.count('transfer')) === 3 && (await service.count('parked_message')) === 2,
    );
  });
  afterAll(() => service.stop());

  it('shows accounts by name, page by page, with a balance for each currency', async () => {
    const first = await service.get('/accounts?limit=2');
    expect(first.body).toEqual({
      items: [
        {
          name: 'bianca',
          balances: [{ currency: 'EUR', debits: '12.99', credits: '12.99', balance: '0.00' }],
        },
        {
          name: 'marc',
          balances: [
            { currency: 'EUR', debits: '12.99', credits: '12.99', balance: '0.00' },
            { currency: 'JPY', debits: '5', credits: '0', balance: '-5' },
          ],
        },
      ],
      next: 'marc',
    });
    expect((await service.get('/accounts?after=marc')).body).toMatchObject({
      items: [{ name: 'zoe' }],
      next: null,
    });
    expect((await service.get('/accounts/zoe')).body).toMatchObject({ name: 'zoe' });
    expect((await service.get('/accounts/nobody')).status).toBe(404);
  });

  it('shows the transfers of a payment in the order of its life', async () => {
    const { body } = await service.get(`/transfers?payment=${one.paymentId}`);
    expect(body).toMatchObject({
      items: [
        {
          kind: 'payment',
          debitAccount: 'bianca',
          creditAccount: 'marc',
          amount: '12.99',
          reference: 'rent',
        },
        { kind: 'reversal', debitAccount: 'marc', creditAccount: 'bianca', amount: '12.99' },
      ],
    });
  });

  it('counts payments and reversals, with money net of reversals', async () => {
    expect((await service.get('/stats')).body).toEqual({
      count: 2,
      totals: { EUR: '0.00', JPY: '5' },
      reversals: 1,
    });
  });

  it('exports its events in order of payment and type, from any position, with the accounts of the payment', async () => {
    const { text } = await service.get('/export');
    const rows = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const row = (data: typeof one, type: string) => ({
      paymentId: data.paymentId,
      type,
      messageId: expect.any(String),
      src: data.src,
      dest: data.dest,
      amountMinor: data.amountMinor,
      currency: data.currency,
    });
    expect(rows).toEqual([
      row(one, 'payment.accepted'),
      row(one, 'payment.reversed'),
      row(two, 'payment.accepted'),
    ]);
    const after = async (position: string) =>
      (await service.get(`/export?after=${position}`)).text.split('\n').length - 1;
    expect(
      await Promise.all([one.paymentId, `${one.paymentId}/payment.accepted`, two.paymentId].map(after)),
    ).toEqual([1, 2, 0]);
  });

  it('gives digests that differ with any row and add up over ranges', async () => {
    const digest = async (range = '') =>
      (await service.get(`/digest${range}`)).body as { count: string; sum: string; hash: string };
    const whole = await digest();
    expect(whole).toEqual({ count: '3', sum: '2603', hash: expect.stringMatching(/^[0-9a-f]{16}$/) });
    const [left, right] = [await digest(`?to=${two.paymentId}`), await digest(`?from=${two.paymentId}`)];
    expect([left.count, right.count]).toEqual(['2', '1']);
    expect(new Set([whole.hash, left.hash, right.hash]).size).toBe(3);
    expect(await digest(`?from=${uuidV7()}`)).toEqual({ count: '0', sum: '0', hash: '0000000000000000' });
  });

  it('gives a digest for each bucket of payment ids, of a range and without what is not old enough', async () => {
    const digests = async (query = '') =>
      (await service.get(`/digests${query}`)).text
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as { bucket: string; count: number; totals: Record<string, string> });
    const whole = await digests();
    expect(whole.map(({ count }) => count).reduce((a, b) => a + b)).toBe(3);
    expect(whole.map(({ bucket }) => bucket)).toEqual([
      ...new Set([one, two].map(({ paymentId }) => paymentId.slice(0, 8))),
    ]);
    expect(Object.assign({}, ...whole.map(({ totals }) => totals))).toEqual({ EUR: '0', JPY: '5' });
    expect(await digests(`?until=${one.paymentId}`)).toMatchObject([{ count: 2, payments: 1, reversals: 1 }]);
    expect(await digests(`?digits=12&after=${one.paymentId}`)).toMatchObject([{ count: 1 }]);
    expect(await digests(`?olderThan=${one.paymentId}`)).toEqual([]);
    expect((await service.get(`/export?until=${one.paymentId}`)).text.split('\n').length - 1).toBe(2);
    expect((await service.get(`/export?olderThan=${one.paymentId}`)).text).toBe('');
  });

  it('tells where the events of payments are, and why', async () => {
    const ids = [one, late, bad].map(({ paymentId }) => `payment=${paymentId}`).join('&');
    const stations = (await service.get(`/stations?${ids}`)).body as { paymentId: string; since: string }[];
    expect(stations).toMatchObject([
      { paymentId: one.paymentId, type: 'payment.accepted', station: 'posted', reason: null },
      { paymentId: one.paymentId, type: 'payment.reversed', station: 'posted', reason: null },
      { paymentId: late.paymentId, type: 'payment.reversed', station: 'waiting', reason: 'waiting-for' },
      { paymentId: bad.paymentId, type: 'payment.accepted', station: 'parked', reason: 'invalid' },
    ]);
    for (const { since } of stations) expect(Date.parse(since)).not.toBeNaN();
    expect(stations).toMatchObject(stations.map(() => ({ droppedBy: null, droppedWhy: null })));
    expect((await service.get('/stations')).body).toEqual([]);
  });

  it('lists what is parked, and what it has done since it started', async () => {
    expect((await service.get('/parked?limit=1')).body).toMatchObject({
      count: 2,
      items: [{ messageId: expect.any(String) }],
    });
    expect((await service.get('/status')).body).toMatchObject({
      consumer: { kind: 'consuming' },
      queues: ['ledger.payments.0', 'ledger.payments.1', 'ledger.payments.2', 'ledger.payments.3'],
      posted: 3,
      parked: { invalid: 1, 'waiting-for': 1 },
    });
  });

  it('tells the newest links of its chain, and verifies them', async () => {
    const { heads } = (await service.get('/chain')).body as { heads: { shard: number; seq: string }[] };
    expect(heads.length).toBeGreaterThan(0);
    for (const { shard, seq } of heads)
      expect((await service.get(`/chain/links?shard=${shard}`)).body).toMatchObject({
        next: null,
        links: Number(seq),
        faults: [],
      });
  });

  it('lists the attempts that ended with their process', async () => {
    await service.ledger.admin.query(
      `INSERT INTO started_attempt (fingerprint, queue, starts) VALUES ('\\x00', 'ledger.payments.0', 1)`,
    );
    expect((await service.get('/inbox/attempts')).body).toMatchObject([
      { messageId: null, queue: 'ledger.payments.0', starts: 1 },
    ]);
  });

  it.each([
    '/accounts?limit=0',
    '/accounts?limit=1e9',
    '/accounts?after=%27',
    '/transfers',
    '/digest?from=x',
    '/digests?digits=13',
    '/digests?olderThan=x',
    '/export?until=x',
    '/stations?payment=x',
    '/export?after=x/y',
  ])('answers %s with 400 and a problem', async (path) => {
    expect(await service.get(path)).toMatchObject({
      status: 400,
      body: { type: '/problems/invalid-parameter' },
    });
  });

  it('is described as it is served', () => expectCommitted(service.app, 'ledger'));

  it('has no lab route outside lab mode', async () => {
    expect((await service.ask('POST', '/lab/reset', { runId: uuidV7() })).status).toBe(404);
    expect((await service.ask('POST', '/lab/crash', { point: 'ledger.after-ack' })).status).toBe(404);
    expect((await service.ask('PUT', '/lab/chapter', { chapter: 2 })).status).toBe(404);
    expect((await service.get('/lab/chapter')).status).toBe(404);
  });
});
