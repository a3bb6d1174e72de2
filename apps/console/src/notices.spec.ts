import { describe, expect, it } from '@jest/globals';
import type { Parts } from '../../cli/src/status/parts.js';
import { noticesOf } from './notices.js';

const told = (parts: object) => noticesOf(parts as Parts, 60).map(({ what }) => what);
const totals = (accepted: string, posted: string) => ({
  payments: { value: { totals: { EUR: accepted } } },
  ledger: { value: { totals: { EUR: posted } } },
  outbox: { value: {} },
  consumer: { value: {} },
});

describe('what only the console can log', () => {
  it('is a process that does not answer; one that answers an error has a log of its own', () => {
    const balanced = totals('1.00', '1.00');
    expect(told(balanced)).toEqual([]);
    expect(told({ ...balanced, outbox: { reason: 'It has not answered for 3 s.' } })).toEqual([
      'the relay process does not tell how it is',
    ]);
    expect(told({ ...balanced, payments: { reason: 'its database is away', status: 503 } })).toEqual([]);
  });

  it('is balances that differ, to the cent, in either direction', () => {
    expect(told(totals('1.00', '0.93'))).toEqual(['payments and ledger differ by 0.07 EUR']);
    expect(told(totals('9007199254740993.00', '9007199254740994.00'))).toEqual([
      'payments and ledger differ by -1.00 EUR',
    ]);
  });
});
