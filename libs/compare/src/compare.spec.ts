import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { compare } from './compare.js';
import { breakKinds, type BreakKind } from './comparison.js';
import type { Station } from './answers.js';
import { SideUnreachable } from './side.js';
import { FakeSide } from './test/fake-side.js';
import { eventRow, paymentIdOf, spreadId } from './test/rows.js';

let payments: FakeSide;
let ledger: FakeSide;
let urls: { payments: string; ledger: string };

beforeEach(async () => {
  [payments, ledger] = [new FakeSide(), new FakeSide()];
  urls = { payments: await payments.start(), ledger: await ledger.start() };
});
afterEach(() => Promise.all([payments.stop(), ledger.stop()]));

const at = (index: number, station: Station['station'], secondsAgo = 60): Station => ({
  paymentId: paymentIdOf(index),
  type: 'payment.accepted',
  station,
  since: new Date(Date.now() - secondsAgo * 1_000).toISOString(),
});

describe('comparing two ledgers', () => {
  it('agrees on two empty ledgers', async () => {
    const result = await compare(urls);
    expect(result).toMatchObject({ agree: true, payments: { count: 0 }, ledger: { count: 0 } });
    expect(Object.keys(result.breaks)).toEqual([...breakKinds]);
  });

  it('agrees without reading a row when the digests are equal', async () => {
    payments.rows = ledger.rows = [eventRow(1), eventRow(2)];
    expect(await compare(urls)).toMatchObject({
      agree: true,
      payments: { count: 2, totals: { EUR: '2.00' } },
      ledger: { count: 2, totals: { EUR: '2.00' } },
    });
    expect(payments.asked.has('/export')).toBe(false);
  });

  it.each<[BreakKind, string, () => void]>([
    ['inOutbox', 'waits in the outbox', () => (payments.stations = [at(1, 'outbox')])],
    ['inBroker', 'was published and is not posted', () => (payments.stations = [at(1, 'published')])],
    ['inBroker', 'has left the outbox’s memory: never called missing without proof', () => {}],
    ['deadLettered', 'could not be published', () => (payments.stations = [at(1, 'dead-lettered')])],
    ['parked', 'was refused by the ledger', () => setBoth('published', 'parked')],
    ['parked', 'waits for its predecessor', () => setBoth('published', 'waiting')],
  ])('calls a payment %s that %s', async (kind, _, put) => {
    payments.rows = [eventRow(1, { amountMinor: '1250' })];
    put();
    const result = await compare(urls);
    expect(result).toMatchObject({
      agree: false,
      payments: { count: 1, totals: { EUR: '12.50' } },
      ledger: { count: 0, totals: {} },
      breaks: { [kind]: { count: 1, totals: { EUR: '12.50' } } },
    });
    expect(breakKinds.filter((other) => result.breaks[other].count > 0)).toEqual([kind]);
  });

  it('calls a payment missing that was published before a marker which has arrived, and no other', async () => {
    payments.rows = [eventRow(1), eventRow(2, { amountMinor: '250' }), eventRow(3)];
    payments.stations = [
      { ...at(1, 'published'), beforeMarker: false },
      { ...at(2, 'published'), beforeMarker: true },
      { ...at(3, 'published'), beforeMarker: true },
    ];
    ledger.stations = [at(3, 'parked')];
    const { breaks } = await compare({ ...urls, markers: 'the set' });
    expect(breaks).toMatchObject({
      inBroker: { count: 1, totals: { EUR: '1.00' } },
      missing: { count: 1, totals: { EUR: '2.50' } },
      parked: { count: 1 },
    });
    expect(payments.lastQuery.get('/stations')?.get('marker')).toBe('the set');
  });

  it('gives every break with its money, its age and why, in the order of payments', async () => {
    payments.rows = [eventRow(1), eventRow(2, { amountMinor: '250' }), eventRow(3)];
    ledger.rows = [eventRow(2, { amountMinor: '200', dest: 'mallory' })];
    payments.stations = [at(1, 'dead-lettered', 90), at(3, 'published')];
    ledger.stations = [at(2, 'posted'), { ...at(3, 'parked'), reason: 'invalid' }];
    const rows: object[] = [];
    const { breaks } = await compare({ ...urls, onBreak: (row) => void rows.push(row) });
    expect(breaks.amountDiffers.totals).toEqual({ EUR: '2.50' }); // all of it: not a cent is where it should be
    expect(rows).toMatchObject([
      { kind: 'deadLettered', paymentId: paymentIdOf(1), amount: '1.00', src: 'bianca', detail: '' },
      { kind: 'amountDiffers', amount: '2.50', detail: 'the ledger has EUR 2.00 from bianca to mallory' },
      { kind: 'parked', paymentId: paymentIdOf(3), detail: 'invalid', type: 'payment.accepted' },
    ]);
    expect((rows[0] as { ageSeconds: number }).ageSeconds).toBeGreaterThanOrEqual(90);
  });

  it('reads of many payments the rows of the quarter second that differs, and counts every one', async () => {
    payments.rows = Array.from({ length: 3_000 }, (_, index) => ({
      ...eventRow(index),
      paymentId: spreadId(index, 50),
    }));
    const changed = payments.rows[2_345]!;
    ledger.rows = payments.rows.map((row) => (row === changed ? { ...row, amountMinor: '99' } : row));
    ledger.stations = [{ ...at(0, 'posted'), paymentId: changed.paymentId }];
    expect(await compare({ ...urls, fewRows: 10 })).toMatchObject({
      payments: { count: 3_000, totals: { EUR: '3000.00' } },
      ledger: { count: 3_000, totals: { EUR: '2999.99' } },
      breaks: { amountDiffers: { count: 1, totals: { EUR: '0.01' } } },
    });
    expect(payments.rowsSent + ledger.rowsSent).toBeLessThan(20);
  });

  it('leaves out what is not older than a bound, on both sides', async () => {
    payments.rows = [1, 2, 3].map((index) => eventRow(index));
    ledger.rows = [eventRow(1), eventRow(7)];
    const bound = eventRow(2).messageId ?? '';
    expect(await compare({ ...urls, olderThan: bound })).toMatchObject({
      agree: true,
      payments: { count: 1 },
      ledger: { count: 1 },
    });
    const later = eventRow(3).messageId ?? '';
    expect(await compare({ ...urls, olderThan: later })).toMatchObject({
      breaks: { inBroker: { count: 1 } },
    });
  });

  it('tells the age of the oldest', async () => {
    payments.rows = [eventRow(1), eventRow(2)];
    payments.stations = [at(1, 'outbox', 30), at(2, 'outbox', 300)];
    const { breaks } = await compare(urls);
    expect(breaks.inOutbox.oldestSeconds).toBeGreaterThanOrEqual(300);
    expect(breaks.inOutbox.oldestSeconds).toBeLessThan(310);
  });

  it('counts what was posted while it read as posted', async () => {
    payments.rows = [eventRow(1), eventRow(2)];
    ledger.rows = [eventRow(1)];
    postWhileReading(eventRow(2));
    expect(await compare(urls)).toMatchObject({ agree: true, ledger: { count: 2, totals: { EUR: '2.00' } } });
  });

  it('does not call ledgers equal when what was posted while it read has another amount, or is there twice', async () => {
    payments.rows = [eventRow(1), eventRow(2)];
    ledger.rows = [eventRow(1)];
    postWhileReading(eventRow(2, { amountMinor: '130' }));
    expect(await compare(urls)).toMatchObject({
      agree: false,
      ledger: { count: 2, totals: { EUR: '2.30' } },
      breaks: { amountDiffers: { count: 1, totals: { EUR: '0.30' } } },
    });
    ledger.rows = [eventRow(1)];
    postWhileReading(eventRow(2), eventRow(2));
    expect(await compare(urls)).toMatchObject({
      agree: false,
      ledger: { count: 3, totals: { EUR: '3.00' } },
      breaks: { duplicate: { count: 1, totals: { EUR: '1.00' } } },
    });
  });

  it.each([
    ['parked', 'invalid'],
    ['deadLettered', 'too-big'],
  ] as const)('tells of what is %s who gave it up and why, and counts it apart', async (kind, reason) => {
    const side = kind === 'parked' ? ledger : payments;
    const station = kind === 'parked' ? 'parked' : 'dead-lettered';
    payments.rows = [eventRow(1), eventRow(2, { amountMinor: '250' })];
    side.stations = [
      { ...at(1, station), reason },
      { ...at(2, station), reason: 'behind' },
      { ...at(2, station), reason, droppedBy: 'ann', droppedWhy: 'paid by hand' },
    ];
    const rows: object[] = [];
    const { breaks } = await compare({ ...urls, onBreak: (row) => void rows.push(row) });
    expect(breaks[kind]).toMatchObject({
      count: 2,
      totals: { EUR: '3.50' },
      dropped: { count: 1, totals: { EUR: '2.50' } },
    });
    expect(rows).toMatchObject([
      { kind, detail: reason },
      {
        kind,
        detail: `${reason}, dropped by ann: paid by hand`,
        dropped: { by: 'ann', why: 'paid by hand' },
      },
    ]);
    expect(rows[0]).not.toHaveProperty('dropped');
  });

  it('does not call a payment unexpected that is accepted and posted while it reads', async () => {
    payments.rows = [eventRow(1), eventRow(3)];
    ledger.rows = [eventRow(1)];
    payments.stations = [at(3, 'outbox')];
    ledger.onRequest = (path) => {
      if (path !== '/export') return;
      payments.rows = [eventRow(1), eventRow(2), eventRow(3)];
      ledger.rows = [eventRow(1), eventRow(2)];
    };
    const { breaks } = await compare(urls);
    expect([breaks.unexpected.count, breaks.inOutbox.count]).toEqual([0, 1]);
  });

  it('reads in ranges, and counts every row of both sides once', async () => {
    payments.rows = Array.from({ length: 25 }, (_, index) => eventRow(index));
    ledger.rows = payments.rows.filter((_, index) => index !== 12);
    payments.stations = [at(12, 'outbox')];
    expect(await compare({ ...urls, rangeRows: 4 })).toMatchObject({
      payments: { count: 25, totals: { EUR: '25.00' } },
      ledger: { count: 24, totals: { EUR: '24.00' } },
      breaks: { inOutbox: { count: 1 } },
    });
  });

  it('does not report what a reset removed while it read', async () => {
    ledger.rows = [eventRow(1)];
    expect((await compare(urls)).breaks.unexpected.count).toBe(0);
  });

  it('nets reversals: a payment and its reversal in the outbox are two events and no money', async () => {
    payments.rows = [eventRow(1), eventRow(1, { type: 'payment.reversed' })];
    payments.stations = [at(1, 'outbox'), { ...at(1, 'outbox'), type: 'payment.reversed' }];
    expect(await compare(urls)).toMatchObject({
      payments: { count: 1, totals: { EUR: '0.00' } },
      breaks: { inOutbox: { count: 2, totals: { EUR: '0.00' }, reversals: 1 } },
    });
  });

  it('finds what the ledger has and payments has not, has twice, with another amount, or in the wrong order', async () => {
    payments.rows = [
      eventRow(2),
      eventRow(3),
      eventRow(4, { amountMinor: '2000' }),
      eventRow(4, { amountMinor: '2000', type: 'payment.reversed' }),
    ];
    ledger.rows = [
      eventRow(1),
      eventRow(2),
      eventRow(2),
      eventRow(3, { amountMinor: '130' }),
      eventRow(4, { amountMinor: '2000', type: 'payment.reversed' }),
    ];
    payments.stations = [at(4, 'published')];
    ledger.stations = [
      ...[1, 2, 2, 3].map((index) => at(index, 'posted')),
      { ...at(4, 'posted'), type: 'payment.reversed' },
    ];
    expect((await compare(urls)).breaks).toMatchObject({
      inBroker: { count: 1, totals: { EUR: '20.00' } },
      unexpected: { count: 1, totals: { EUR: '1.00' } },
      duplicate: { count: 1, totals: { EUR: '1.00' } },
      amountDiffers: { count: 1, totals: { EUR: '0.30' } },
      order: { count: 1 },
    });
  });

  it('counts each posting beyond the first as a duplicate, with its money and since when it is there', async () => {
    const reversal = eventRow(3, { amountMinor: '300', type: 'payment.reversed' });
    payments.rows = [
      eventRow(1),
      eventRow(2, { amountMinor: '250' }),
      eventRow(3, { amountMinor: '300' }),
      reversal,
    ];
    ledger.rows = [
      ...payments.rows,
      eventRow(1),
      eventRow(1, { messageId: 'under another message id' }),
      eventRow(2, { amountMinor: '250' }),
      reversal,
    ];
    ledger.stations = [
      ...[500, 30, 20].map((ago) => at(1, 'posted', ago)),
      ...[500, 40].map((ago) => at(2, 'posted', ago)),
      at(3, 'posted'),
      ...[500, 10].map((ago) => ({ ...at(3, 'posted', ago), type: 'payment.reversed' as const })),
    ];
    const result = await compare({ ...urls, rangeRows: 1 });
    expect(result).toMatchObject({
      agree: false,
      payments: { count: 3, totals: { EUR: '3.50' } },
      ledger: { count: 6, totals: { EUR: '5.00' } },
      breaks: { duplicate: { count: 4, totals: { EUR: '1.50' } } },
    });
    expect(breakKinds.filter((kind) => result.breaks[kind].count > 0)).toEqual(['duplicate']);
    expect(result.breaks.duplicate.oldestSeconds).toBeGreaterThanOrEqual(40);
    expect(result.breaks.duplicate.oldestSeconds).toBeLessThan(50);
  });

  it('does not call a payment a duplicate that is posted once when it is looked up again', async () => {
    payments.rows = [eventRow(1)];
    ledger.rows = [eventRow(1), eventRow(1)];
    ledger.stations = [at(1, 'posted')];
    expect((await compare(urls)).breaks.duplicate.count).toBe(0);
  });

  it('counts a posting as unexpected once, and what comes on top of it as duplicates', async () => {
    ledger.rows = [eventRow(1), eventRow(1)];
    ledger.stations = [at(1, 'posted'), at(1, 'posted')];
    expect((await compare(urls)).breaks).toMatchObject({ unexpected: { count: 1 }, duplicate: { count: 1 } });
  });

  it('says nothing about the ledgers when a side breaks off', async () => {
    payments.rows = [1, 2, 3].map((index) => eventRow(index));
    payments.breakOffAfter = 1;
    await expect(compare(urls)).rejects.toThrow(SideUnreachable);
  });

  it.each(['/digests', '/export', '/stations'])(
    'says that another program seems to answer where %s is nothing of ours',
    async (path) => {
      payments.rows = [eventRow(1)];
      payments.foreign = path;
      await expect(compare(urls)).rejects.toMatchObject({
        name: 'SideUnreachable',
        side: 'payments',
        reason: 'another program seems to answer there',
      });
    },
  );

  it('says which side does not answer', async () => {
    await ledger.stop();
    await expect(compare(urls)).rejects.toMatchObject({
      name: 'SideUnreachable',
      side: 'ledger',
      url: urls.ledger,
    });
  });
});

/** Between the reading of the ledger's rows and the look-up. */
function postWhileReading(...rows: ReturnType<typeof eventRow>[]): void {
  ledger.onRequest = (path) => {
    if (path !== '/stations') return;
    ledger.rows = [...ledger.rows, ...rows];
    ledger.stations = rows.map(() => at(2, 'posted'));
    ledger.onRequest = () => {};
  };
}

function setBoth(atPayments: Station['station'], atLedger: Station['station']): void {
  payments.stations = [at(1, atPayments)];
  ledger.stations = [at(1, atLedger)];
}
