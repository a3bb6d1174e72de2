import { OutcomeUnknown, Overloaded, problemOfDatabase, sqlState, TooManyWait } from '@paid-once/service';
import type { Problem } from '@paid-once/service';
import { QueryFailedError } from 'typeorm';
import { OutcomeIsUnknown } from './payment-problems.js';

/**
 * Why a transaction of payments did not come to its end.
 * - `key-held`: another transaction, not yet committed, has one of the keys, or reverses one of the payments
 * - `collision`: serialization failure or deadlock; another try may pass
 * - `locked`: somebody locks a whole table; another try may pass
 * - `database`: it is away, full, read-only …; or the answer was lost
 * - `its-own`: one of the commands, or a bug
 */
export type Refusal = 'key-held' | 'collision' | 'locked' | 'database' | 'its-own';

export function refusalOf(error: unknown): Refusal {
  const state = sqlState(error);
  if (state === '40001' || state === '40P01') return 'collision';
  if (state === '55P03') return waitedForRow(error) ? 'key-held' : 'locked';
  return problemOf(error) ? 'database' : 'its-own';
}

/** What the client is told; undefined for what is `its-own`. */
export function problemOf(error: unknown): Problem | undefined {
  if (error instanceof OutcomeUnknown) return new OutcomeIsUnknown();
  if (error instanceof TooManyWait) return new Overloaded();
  return problemOfDatabase(error);
}

// Postgres tells which row was waited for in the error's context, and for a whole table it tells none. The text is
// translated, the table's name in it is not.
function waitedForRow(error: unknown): boolean {
  const cause: unknown = error instanceof QueryFailedError ? error.driverError : error;
  return (
    typeof cause === 'object' &&
    cause !== null &&
    'where' in cause &&
    /payment_event/.test(String(cause.where))
  );
}
