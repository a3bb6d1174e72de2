import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { currencyDecimals, formatAmount, maxAmountMinor, parseAmount } from './money.js';

describe('an amount', () => {
  it('is read exactly: whatever is formatted reads back as the same minor units', () => {
    const currencies = fc.constantFrom('EUR', 'JPY', 'BHD', 'CLF');
    fc.assert(
      fc.property(fc.bigInt(1n, maxAmountMinor), currencies, (minor, currency) => {
        expect(parseAmount(formatAmount(minor, currency), currency)).toBe(minor);
      }),
    );
  });

  it.each([
    ['1', 'EUR', 100n],
    ['4.35', 'EUR', 435n],
    ['007', 'EUR', 700n],
    ['12', 'JPY', 12n],
    ['1.234', 'BHD', 1234n],
    ['10000000000000.00', 'EUR', maxAmountMinor],
  ])('%s %s is %s minor units', (text, currency, minor) => expect(parseAmount(text, currency)).toBe(minor));

  it.each([
    ...['', ' 1', '1e3', '+5', '-1', '0x10', '1,000.00', '12.34\n', 'NaN', 'Infinity', '١٢', '1.', '.5'].map(
      (text) => [text, 'EUR', 'not-a-decimal'] as const,
    ),
    ['0', 'EUR', 'not-positive'],
    ['0.00', 'EUR', 'not-positive'],
    ['1.005', 'EUR', 'too-many-decimals'],
    ['1.5', 'JPY', 'too-many-decimals'],
    ['1.2345', 'BHD', 'too-many-decimals'],
    ['10000000000000.01', 'EUR', 'out-of-range'],
    ['9223372036854775808', 'EUR', 'out-of-range'],
  ] as const)('%j %s is refused: %s', (text, currency, refusal) =>
    expect(parseAmount(text, currency)).toBe(refusal),
  );

  it('knows ISO 4217 decimals, and no metals, test codes or look-alikes', () => {
    expect(['EUR', 'JPY', 'BHD', 'IQD'].map(currencyDecimals)).toEqual([2, 0, 3, 3]);
    expect(['eur', 'EURO', 'XXX', 'XAU', '', 'ΕUR', 'EUR\u200b'].map(currencyDecimals)).toEqual(
      Array(7).fill(undefined),
    );
  });
});
