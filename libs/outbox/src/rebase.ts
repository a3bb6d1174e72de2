import { onOwnConnection, pause, sqlState, type Queryable } from '@paid-once/service';
import { outboxRetentionSession } from './retention.js';
import { rebaseLock } from './shard-ownership.js';
import { beginRebaseSql } from './sql/begin-rebase.js';
import { checkServerSql } from './sql/check-server.js';
import { endRebaseSql } from './sql/end-rebase.js';
import { rewriteTransactionIdsSql } from './sql/rewrite-transaction-ids.js';
import { OtherServer, unfinishedRebase, type ServerState } from './window.js';

const portionSize = 10_000;
const statementTimeoutMs = 120_000;
const lookAgainMs = 100;

export interface Rebased {
  /** Messages that got a new transaction id here; of one that goes on where another was interrupted, the rest. */
  rows: number;
  shards: number;
  /** The cluster that the progress belongs to from now on. */
  systemIdentifier: string;
}

/** Every message would be published again for nothing. */
export class NothingToRebase extends Error {
  constructor() {
    super(
      'the progress belongs to this cluster, so there is nothing to put right: a rebase would only publish the whole ' +
        'history again, which the inbox absorbs (--force does it all the same)',
    );
  }
}

/**
 * Makes the outbox of a restored cluster publishable: what is pending is published, and what was published is published
 * again, in order, and absorbed by the inbox. Until it has ended no relay publishes anything, while payments go on.
 * Interrupted, it can be run again.
 *
 * Transaction ids and snapshots mean nothing in another cluster than their own. Left as they were, a payment made after
 * the restore would count as published long ago, and one that was pending at the dump as not committed yet: both would
 * be lost silently.
 * @param adminUrl the owner of the tables
 * @throws NothingToRebase without `force`
 * @throws OtherServer     this is a standby
 */
export async function rebaseOutbox(
  adminUrl: string,
  options: {
    force?: boolean;
    portionSize?: number;
    statementTimeoutMs?: number;
    onProgress?: (rows: number) => void;
  } = {},
): Promise<Rebased> {
  return onRebaseSession(adminUrl, options, async (db) => {
    // Before anything is looked at: a second one, such as setup's, waits and then finds nothing to do.
    while (!(await tryLock(db))) await pause(lookAgainMs);
    if (!options.force && !(await needsRebase(db))) throw new NothingToRebase();
    await beginRebase(db);
    const rows = await rewriteTransactionIds(db, options);
    const [ended] = await db.query<{ shards: number; system_identifier: string }[]>(endRebaseSql, [
      unfinishedRebase,
    ]);
    if (!ended) throw new Error('Bug: somebody else has ended this rebase');
    return { rows, shards: ended.shards, systemIdentifier: ended.system_identifier };
  });
}

/** For setup: rebases after a restore, or after a rebase that was interrupted. @returns undefined: not needed */
export async function rebaseIfRestored(
  adminUrl: string,
  onProgress?: (rows: number) => void,
): Promise<Rebased | undefined> {
  try {
    return await rebaseOutbox(adminUrl, onProgress && { onProgress });
  } catch (error) {
    if (error instanceof NothingToRebase) return undefined;
    throw error;
  }
}

function onRebaseSession<Result>(
  url: string,
  { statementTimeoutMs: timeoutMs = statementTimeoutMs }: { statementTimeoutMs?: number },
  work: (db: Queryable) => Promise<Result>,
): Promise<Result> {
  return onOwnConnection({ url, process: 'rebase', timeoutMs, session: outboxRetentionSession }, work);
}

// Asked again and again: a statement that waits ends with this session's time-outs, and a large outbox takes longer.
async function tryLock(db: Queryable): Promise<boolean> {
  const [lock] = await db.query<{ free: boolean }[]>('SELECT pg_try_advisory_lock($1, $2) AS free', [
    ...rebaseLock,
  ]);
  return lock?.free ?? false;
}

async function needsRebase(db: Queryable): Promise<boolean> {
  const [server] = await db.query<ServerState[]>(checkServerSql);
  if (!server) throw new OtherServer('outbox_settings is empty: run the migrations');
  if (server.standby) throw new OtherServer('this is a standby: promote it, or rebase the primary');
  return server.expected !== server.actual || server.ahead;
}

async function beginRebase(db: Queryable): Promise<void> {
  for (let triesLeft = 50; ; triesLeft--) {
    try {
      await db.query(beginRebaseSql, [unfinishedRebase]);
      return;
    } catch (error) {
      const uniqueViolation = '23505';
      if (sqlState(error) !== uniqueViolation || triesLeft === 0) throw error;
    }
  }
}

async function rewriteTransactionIds(
  db: Queryable,
  options: { portionSize?: number; onProgress?: (rows: number) => void },
): Promise<number> {
  const { portionSize: size = portionSize, onProgress } = options;
  let [after, rows] = ['0', 0];
  for (;;) {
    const [portion] = await db.query<{ walked: number; rewritten: number; last: string | null }[]>(
      rewriteTransactionIdsSql,
      [after, size],
    );
    rows += portion?.rewritten ?? 0;
    after = portion?.last ?? after;
    if (portion && portion.walked > 0) onProgress?.(rows);
    if ((portion?.walked ?? 0) < size) return rows;
  }
}
