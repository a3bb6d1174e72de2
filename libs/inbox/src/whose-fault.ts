import { DatabaseUnavailable, OutcomeUnknown, sqlState } from '@paid-once/service';

/**
 * Whether a batch failed for what is in it, and if so what to call that.
 * @param error what `inTransaction` threw: it has told what the connection's fault is already
 * @returns undefined for a fault of the moment or of the database (away, shutting down, deadlock, lock time-out, disk
 *          full, read-only after a failover, a right or table that is missing): trying again helps, parking would not
 */
export function faultOfMessages(error: unknown): 'invalid' | 'poison' | undefined {
  if (error instanceof DatabaseUnavailable || error instanceof OutcomeUnknown) return undefined;
  const state = sqlState(error);
  if (state === undefined) return 'poison';
  return faultsOfData.has(state.slice(0, 2)) ? 'invalid' : undefined;
}

/** Classes of SQLSTATE: data exception, constraint violation, program limit exceeded (too large, too deep). */
const faultsOfData = new Set(['22', '23', '54']);
