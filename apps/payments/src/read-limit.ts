import { ParameterInvalid } from './payment-problems.js';

/** How many items a page has: 50 where nothing is asked for, 200 at most. */
export function readLimit(limit: unknown): number {
  if (limit === undefined) return 50;
  const count = typeof limit === 'string' && /^\d{1,3}$/.test(limit) ? Number(limit) : 0;
  if (count < 1 || count > 200) throw new ParameterInvalid('limit: give a whole number from 1 to 200.');
  return count;
}
