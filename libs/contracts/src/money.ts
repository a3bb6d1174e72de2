import currencyCodes from 'currency-codes';

/** The largest amount one payment may have, in minor units: exact in every JSON reader, far below `bigint`'s end. */
export const maxAmountMinor = 1_000_000_000_000_000n;

export type AmountRefusal = 'not-a-decimal' | 'not-positive' | 'too-many-decimals' | 'out-of-range';

/**
 * How many decimals a currency has, by ISO 4217 (EUR 2, JPY 0, BHD 3); undefined for what nobody can be paid in:
 * unknown codes, metals and test codes. The table is the standard's own, because `Intl` differs from it (IQD, HUF …).
 */
export function currencyDecimals(currency: string): number | undefined {
  return decimalsByCurrency.get(currency);
}

const notMoney = new Set([
  'XAG',
  'XAU',
  'XBA',
  'XBB',
  'XBC',
  'XBD',
  'XDR',
  'XPD',
  'XPT',
  'XSU',
  'XTS',
  'XUA',
  'XXX',
]);
const decimalsByCurrency = new Map(
  currencyCodes.data.filter(({ code }) => !notMoney.has(code)).map(({ code, digits }) => [code, digits]),
);

/**
 * Reads an amount in major units ("12.99") as minor units (1299n), exactly: never through a float, never rounded.
 * @param text     digits with an optional fraction; no sign, exponent, blank or separator
 * @param currency an ISO 4217 code that `currencyDecimals` knows
 * @returns minor units, or why it is not an amount
 */
export function parseAmount(text: string, currency: string): bigint | AmountRefusal {
  const decimals = currencyDecimals(currency);
  if (decimals === undefined) throw new Error(`Bug: ${currency} was not checked before its amount was read`);
  const match = /^(\d{1,1000})(?:\.(\d{1,1000}))?$/.exec(text);
  if (!match) return 'not-a-decimal';
  const [, whole = '', fraction = ''] = match;
  if (fraction.length > decimals) return 'too-many-decimals';
  const minor = BigInt(whole + fraction.padEnd(decimals, '0'));
  if (minor <= 0n) return 'not-positive';
  return minor <= maxAmountMinor ? minor : 'out-of-range';
}

/** Minor units as a decimal string with all the decimals of the currency: 100n EUR is "1.00", -5n is "-0.05". */
export function formatAmount(minor: bigint, currency: string): string {
  const decimals = currencyDecimals(currency) ?? 0;
  const digits = (minor < 0n ? -minor : minor).toString().padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  const sign = minor < 0n ? '-' : '';
  return decimals === 0 ? `${sign}${whole}` : `${sign}${whole}.${digits.slice(-decimals)}`;
}
