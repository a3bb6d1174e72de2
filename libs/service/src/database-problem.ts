import { sqlState } from './postgres-errors.js';
import { type Problem, StorageFull, TemporarilyUnavailable } from './problem.js';
import { DatabaseUnavailable } from './transaction.js';

/**
 * What a client is told when the database failed for a reason of its own, before anything was written.
 * @returns undefined when it was the request's fault, or a bug: anything but "try again"
 */
export function problemOfDatabase(error: unknown): Problem | undefined {
  if (error instanceof DatabaseUnavailable) return databaseAway();
  const state = sqlState(error);
  if (state === undefined) return undefined;
  if (state === diskFull) return new StorageFull();
  if (!ownReasons.test(state)) return undefined;
  return new TemporarilyUnavailable(
    'The database cannot do this now. Nothing was written; send the request again.',
  );
}

export const databaseAway = () =>
  new TemporarilyUnavailable('The database cannot be reached. Nothing was written; send the request again.');

const diskFull = '53100';

// 08, 25P03: the connection; 25006: read-only; 40: serialization failure, deadlock; 53: out of connections or memory;
// 55P03: a lock; 57: cancelled, timed out, shut down; 58: the system under it.
const ownReasons = /^(08|25P03|25006|40|53|55P03|57|58)/;
