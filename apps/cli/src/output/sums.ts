import type { Totals } from '@paid-once/compare';
import { difference } from './words.js';

/** Money of several places together, by currency, exactly. */
export function sumOfMoney(parts: readonly Totals[]): Totals {
  const sum: Totals = {};
  for (const [currency, amount] of parts.flatMap((part) => Object.entries(part)))
    sum[currency] = difference(sum[currency] ?? '0', difference('0', amount));
  return sum;
}
