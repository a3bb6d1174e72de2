import { DatabaseError } from 'pg';
import {
  QueryFailedError,
  QueryRunnerAlreadyReleasedError,
  QueryRunnerProviderAlreadyReleasedError,
} from 'typeorm';

/** The SQLSTATE Postgres answered with; undefined when the error did not come from Postgres. */
export function sqlState(error: unknown): string | undefined {
  const cause: unknown = error instanceof QueryFailedError ? error.driverError : error;
  return cause instanceof DatabaseError ? cause.code : undefined;
}

/**
 * Whether the connection, or its timer, was lost: anything that Postgres itself did not answer, and what it answers
 * when it ends a session (class 57P: shutdown, crash, terminated by an administrator, idle too long; class 08). Not what
 * could not be written as a statement (longer than a text may be).
 * After COMMIT was sent these mean: unknown.
 */
export function isConnectionLoss(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== undefined) return state.startsWith('57P') || state.startsWith('08') || state === '25P03';
  if (error instanceof QueryFailedError) return !(error.driverError instanceof RangeError);
  if (isOfReleased(error)) return true;
  return error instanceof Error && connectionLossMessages.test(`${error.message} ${errnoOf(error)}`);
}

// A connection that dies between two statements is an event, upon which TypeORM releases its query runner: the next
// statement fails for that, not for what happened.
function isOfReleased(error: unknown): boolean {
  return (
    error instanceof QueryRunnerAlreadyReleasedError ||
    error instanceof QueryRunnerProviderAlreadyReleasedError
  );
}

// pg has no error classes for what it notices itself.
const connectionLossMessages =
  /^(Connection terminated|timeout exp|timeout exceeded|Query read timeout|Client (has|was) .*not queryable|Cannot use a pool after)|ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND|EAI_AGAIN/;

function errnoOf(error: Error): string {
  return 'code' in error ? String(error.code) : '';
}
