import { describe, expect, it } from '@jest/globals';
import { breakKinds, type Break, type BreakKind, type Comparison } from '@paid-once/compare';
import { breakSentence, sideBySide, verdictOf, waitingFor } from './compare-view.js';

const none: Break = { count: 0, totals: {}, oldestSeconds: 0 };

function comparison(
  payments: number,
  ledger: number,
  found: Partial<Record<BreakKind, Break>> = {},
): Comparison {
  const balance = (count: number): Comparison['payments'] => ({
    count,
    totals: count === 0 ? {} : { EUR: `${count}.00` },
  });
  return {
    agree: Object.keys(found).length === 0,
    payments: balance(payments),
    ledger: balance(ledger),
    breaks: {
      ...(Object.fromEntries(breakKinds.map((kind) => [kind, none])) as Comparison['breaks']),
      ...found,
    },
  };
}
const givenUp = (count: number, dropped: number): Break => ({
  ...some(count),
  dropped: { count: dropped, totals: { EUR: `${dropped}.00` } },
});
const some = (count: number): Break => ({ count, totals: { EUR: `${count}.00` }, oldestSeconds: 72 });

describe('a comparison in words', () => {
  it('stands side by side, with the difference in exact decimals', () => {
    expect(sideBySide(comparison(1_000, 588)).map((line) => line.trim().split(/\s{2,}/))).toEqual([
      ['payments', 'ledger', 'difference'],
      ['payments', '1,000', '588', '412'],
      ['EUR', '1,000.00', '588.00', '412.00'],
    ]);
  });

  it.each<[string, Comparison, string]>([
    ['empty', comparison(0, 0), 'Both ledgers are empty, so they agree.'],
    [
      'agreeing',
      comparison(1_000, 1_000),
      'The ledgers agree: 1,000 payments, EUR 1,000.00, each posted exactly once.',
    ],
    [
      'on its way',
      comparison(1_000, 588, { inOutbox: some(412) }),
      'EUR 412.00, all of it on its way: nothing is lost',
    ],
    [
      'published, which does not prove that it will be posted',
      comparison(1_000, 588, { inOutbox: some(12), inBroker: some(400) }),
      'EUR 412.00, all of it on its way as far as can be seen: nothing is paid twice.',
    ],
    [
      'held back',
      comparison(10, 8, { parked: some(2) }),
      'EUR 2.00: nothing is lost, but some of it is held back',
    ],
    [
      'given up',
      comparison(10, 8, { parked: givenUp(2, 2) }),
      'EUR 2.00: nothing is lost, but 2 events (EUR 2.00) were given up on purpose.',
    ],
    [
      'held back, and given up',
      comparison(10, 7, { parked: givenUp(2, 1), deadLettered: some(1) }),
      'some of it is held back until a person decides, and 1 event (EUR 1.00) was given up on purpose.',
    ],
    ['missing', comparison(10, 8, { missing: some(2) }), 'The ledgers do NOT agree: they differ by EUR 2.00'],
    ['paid twice', comparison(10, 12, { duplicate: some(2) }), 'do NOT agree: they differ by EUR 2.00'],
  ])('has one verdict when it is %s', (_, given, verdict) => expect(verdictOf(given)).toContain(verdict));

  it('tells each break with its money and its age', () => {
    expect(breakSentence('inOutbox', some(412))).toBe(
      '412 payments (EUR 412.00) are safe in the outbox, the oldest for 1 min 12 s',
    );
    expect(breakSentence('parked', { ...some(1), oldestSeconds: 4 })).toBe(
      '1 payment (EUR 1.00) was refused by the ledger and is parked, for 4 s',
    );
  });

  it.each([
    [
      1,
      1,
      '1 payment (EUR 1.00) was refused by the ledger and is parked, for 1 min 12 s; it was given up on purpose',
    ],
    [
      2,
      2,
      '2 payments (EUR 2.00) were refused by the ledger and are parked, the oldest for 1 min 12 s; all were given up on purpose',
    ],
    [
      3,
      1,
      '3 payments (EUR 3.00) were refused by the ledger and are parked, the oldest for 1 min 12 s; 1 of them (EUR 1.00) was given up on purpose',
    ],
  ])('counts apart what was given up: of %d, %d', (count, dropped, says) =>
    expect(breakSentence('parked', givenUp(count, dropped))).toBe(says),
  );

  it.each([
    [2, '2 reversals (EUR 2.00) are missing'],
    [1, '2 events (EUR 2.00) are missing'],
    [0, '2 payments (EUR 2.00) are missing'],
  ])('calls a payment and its reversal two events: of 2, %d reversals', (reversals, says) =>
    expect(breakSentence('missing', { ...some(2), ...(reversals > 0 && { reversals }) })).toContain(says),
  );

  it('says what is waited for', () => {
    expect(waitingFor(comparison(10, 6, { inOutbox: some(3), inBroker: some(1) }))).toBe(
      '3 payments (EUR 3.00) are safe in the outbox; 1 payment (EUR 1.00) is published and not yet posted',
    );
  });
});
