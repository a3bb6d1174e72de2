import { describe, expect, jest } from '@jest/globals';
import { itNeeding } from './support/it-needing.js';
import {
  expectUnaffectedBy,
  expectUnaffectedByJumps,
  expectUnaffectedBySpeed,
  type Clocks,
} from './support/clocks.js';
import { whyNoFaketime } from './support/other-clock.js';

jest.setTimeout(120_000);

const hour = 60 * 60;
const day = 24 * hour;
const year = 365.25 * day;
const ahead = { clock: '+1d', seconds: day };
const behind = { clock: '-1d', seconds: -day };
const farBehind = { clock: '-10y', seconds: -10 * year };

const it = itNeeding(await whyNoFaketime());

// Each process has each of the clocks once, and no two have the same.
describe('processes whose wall clocks are wrong, each in its own way', () => {
  const when = (clocks: Clocks) => async () => expect(await expectUnaffectedBy(clocks)).toBe(60);

  it(
    'C14 H7: post all payments, park none and forget none: payments +1 day, relay −1 day, ledger −10 years',
    when({ payments: ahead, relay: behind, ledger: farBehind }),
  );
  it(
    'C14 H7: post all payments, park none and forget none: payments −10 years, relay +1 day, ledger −1 day',
    when({ payments: farBehind, relay: ahead, ledger: behind }),
  );
  it(
    'C14 H7: post all payments, park none and forget none: payments −1 day, relay −10 years, ledger +1 day',
    when({ payments: behind, relay: farBehind, ledger: ahead }),
  );
});

describe('processes whose wall clocks change while they run', () => {
  it('H7: post all payments, park none and forget none while each clock runs a hundred times too fast', async () =>
    expect(await expectUnaffectedBySpeed(100)).toBe(60));

  it('C14: post all payments, park none and forget none while each clock jumps by an hour, forth and back', async () => {
    const paid = await expectUnaffectedByJumps([
      { payments: hour, relay: -hour, ledger: hour },
      { payments: -hour, relay: hour, ledger: -hour },
    ]);
    expect(paid).toBeGreaterThanOrEqual(100);
  });
});
