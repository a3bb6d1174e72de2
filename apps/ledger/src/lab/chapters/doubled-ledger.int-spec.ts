import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { compare } from '@paid-once/compare';
import type { PaymentEventData, PaymentEventType } from '@paid-once/contracts';
import { exportPageSql, type ExportedRow } from '../../sql/export.js';
import { eventually } from '../../test/eventually.js';
import { LedgerService } from '../../test/ledger-service.js';
import { messageOf, payment } from '../../test/payment-messages.js';

jest.setTimeout(60_000);

describe('a ledger that has posted payments more than once', () => {
  let doubled: LedgerService;
  /** The same events once: what payments would show. */
  let once: LedgerService;
  const [one, two, three] = [
    payment({ amountMinor: '1000' }),
    payment({ amountMinor: '250' }),
    payment({ amountMinor: '30' }),
  ];
  const events: [PaymentEventData, PaymentEventType, times: number][] = [
    [one, 'payment.accepted', 3],
    [two, 'payment.accepted', 1],
    [two, 'payment.reversed', 2],
    [three, 'payment.accepted', 1],
  ];

  beforeAll(async () => {
    [doubled, once] = await Promise.all([LedgerService.start({ lab: true }), LedgerService.start()]);
    expect((await doubled.ask('PUT', '/lab/chapter', { chapter: 2 })).status).toBe(200);
    for (const service of [doubled, once]) {
      const { runId } = service.ledger.setup;
      const messages = events.flatMap(([data, type, times]) =>
        Array.from({ length: times }, () => messageOf(runId, data, type)),
      );
      await service.broker.publish(messages);
      const posted = service === doubled ? messages.length : events.length;
      await eventually(async () => (await service.count('transfer')) === posted);
      await service.app.listen(0, '127.0.0.1');
    }
  });
  afterAll(() => Promise.all([doubled.stop(), once.stop()]));

  it('counts every posting in its stats and on its accounts', async () => {
    expect((await doubled.get('/stats')).body).toEqual({ count: 5, totals: { EUR: '27.80' }, reversals: 2 });
    expect((await doubled.get('/accounts/bianca')).body).toEqual({
      name: 'bianca',
      balances: [{ currency: 'EUR', debits: '32.80', credits: '5.00', balance: '-27.80' }],
    });
  });

  it('shows every posting of a payment', async () => {
    const transfers = async ({ paymentId }: PaymentEventData) =>
      (
        (await doubled.get(`/transfers?payment=${paymentId}`)).body as { items: { kind: string }[] }
      ).items.map(({ kind }) => kind);
    expect(await transfers(one)).toEqual(['payment', 'payment', 'payment']);
    expect((await transfers(two)).toSorted()).toEqual(['payment', 'reversal', 'reversal']);
  });

  it('exports every posting in order, and none is lost or repeated where a page ends between two of an event', async () => {
    const { text } = await doubled.get('/export');
    const lines = text.trimEnd().split('\n');
    const exported = lines.map((line) => JSON.parse(line) as { paymentId: string; type: string });
    expect(exported.map(({ paymentId, type }) => `${paymentId} ${type}`)).toEqual(
      events.flatMap(([{ paymentId }, type, times]) => Array<string>(times).fill(`${paymentId} ${type}`)),
    );
    const paged: string[] = [];
    for (let position: unknown[] = ['00000000-0000-0000-0000-000000000000', '', 0]; ;) {
      const page = [...position, 2, 'ffffffff-ffff-ffff-ffff-ffffffffffff'];
      const rows = await doubled.ledger.admin.query<ExportedRow[]>(exportPageSql, page);
      paged.push(...rows.map(({ payment_id, type }) => `${payment_id} ${type}`));
      const last = rows.at(-1);
      if (!last) break;
      position = [last.payment_id, last.kind, last.occurrence];
    }
    expect(paged).toEqual(exported.map(({ paymentId, type }) => `${paymentId} ${type}`));
    const after = (await doubled.get(`/export?after=${one.paymentId}/payment.accepted`)).text;
    expect(after.trimEnd().split('\n')).toHaveLength(4);
  });

  it('has another digest than one that has posted each event once', async () => {
    const digest = async (service: LedgerService) => (await service.get('/digest')).body as { hash: string };
    expect(await digest(doubled)).toMatchObject({ count: '7', sum: String(3 * 1000 + 3 * 250 + 30) });
    expect((await digest(doubled)).hash).not.toBe((await digest(once)).hash);
  });

  it('is compared as doubled: each posting beyond the first, with its money, and nothing else', async () => {
    const result = await compare({ payments: await once.app.getUrl(), ledger: await doubled.app.getUrl() });
    expect(result).toMatchObject({
      agree: false,
      payments: { count: 3, totals: { EUR: '10.30' } },
      ledger: { count: 5, totals: { EUR: '27.80' } },
      // Payment `one` twice too often, and one reversal of 2.50 too many.
      breaks: { duplicate: { count: 3, totals: { EUR: '17.50' } } },
    });
    const { duplicate: _duplicate, ...others } = result.breaks;
    expect(Object.values(others).reduce((sum, { count }) => sum + count, 0)).toBe(0);
  });
});
