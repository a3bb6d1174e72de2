import { pause, type Queryable } from '@paid-once/service';
import { raiseWindowSql } from './sql/raise-window.js';
import { removeInboxMessagesSql } from './sql/remove-inbox-messages.js';
import { removeParkedHistorySql } from './sql/remove-parked-history.js';

/** Rows in one statement: some 50 ms. */
const portionSize = 10_000;
const minPauseMs = 20;
/**
 * No insert that was told the bound before is at work any more after this: longer than any statement's time limit
 * (PAID_ONCE_DB_TIMEOUT_MS may be a minute at most, and the server's own limit is shorter).
 */
const boundSettlesAfterSeconds = 60;
/** A retention's lock, in the database of the inbox: 'inbo', 0. */
const retentionLock = [0x696e626f, 0] as const;

export interface InboxRetentionOptions {
  /** How long a message is remembered, by the time in its id. */
  retentionMinutes: number;
  /** Default 10,000. */
  portionSize?: number;
}

export interface InboxRemoved extends Record<string, number> {
  messages: number;
  startedAttempts: number;
  /** What became of parked messages; who redrove some, and why, stays. */
  parkedHistory: number;
}

/** The session that retention needs, whatever the planner believes of a table that shrinks. */
export const inboxRetentionSession =
  '-c enable_seqscan=off -c enable_bitmapscan=off -c enable_hashjoin=off -c enable_mergejoin=off';

/**
 * Forgets messages that are too old to come again. The window is raised first and enforced from then on (`once` parks
 * what is older); what lies below it is removed by a later run, in portions, and no batch waits for that.
 *
 * The time in a message id is by the sender's database clock, the window by this one's: they may differ by as much as
 * the inbox remembers longer than the outbox. If they differ by more, good messages are parked, none is posted twice.
 */
export class InboxRetention {
  /** Everything up to here is removed: the dead rows below it are not walked over again. */
  private removedUpTo = '00000000-0000-0000-0000-000000000000';

  constructor(private readonly options: InboxRetentionOptions) {}

  /**
   * One run, until nothing is left to remove or the signal comes. It may be repeated at any time, by any process.
   * @param db a session of its own, opened with `inboxRetentionSession`
   * @returns undefined: another run is under way
   */
  async run(
    db: Queryable,
    signal?: AbortSignal,
  ): Promise<{ removed: InboxRemoved; oldest: string | null } | undefined> {
    const [lock] = await db.query<{ free: boolean }[]>('SELECT pg_try_advisory_lock($1, $2) AS free', [
      ...retentionLock,
    ]);
    if (!lock?.free) return undefined;
    try {
      const messages = await this.removeMessages(db, signal);
      if (!signal?.aborted)
        await db.query(raiseWindowSql, [this.options.retentionMinutes, boundSettlesAfterSeconds]);
      const startedAttempts = await removeStartedAttempts(db);
      const parkedHistory = await removeParkedHistory(db, this.options);
      return { removed: { messages, startedAttempts, parkedHistory }, oldest: await oldest(db) };
    } finally {
      await db.query('SELECT pg_advisory_unlock($1, $2)', [...retentionLock]);
    }
  }

  private async removeMessages(db: Queryable, signal: AbortSignal | undefined): Promise<number> {
    const { portionSize: size = portionSize } = this.options;
    let removed = 0;
    for (;;) {
      const startedAt = performance.now();
      const [portion] = await db.query<{ removed: number; walked: number; last: string | null }[]>(
        removeInboxMessagesSql,
        [this.removedUpTo, size, boundSettlesAfterSeconds],
      );
      removed += portion?.removed ?? 0;
      this.removedUpTo = portion?.last ?? this.removedUpTo;
      if ((portion?.walked ?? 0) < size || signal?.aborted) return removed;
      await pause(Math.max(minPauseMs, performance.now() - startedAt), signal);
    }
  }
}

/** The window's lower end, as a time. */
async function oldest(db: Queryable): Promise<string | null> {
  const [row] = await db.query<{ oldest: string }[]>('SELECT oldest FROM inbox_window');
  const ms = Number.parseInt((row?.oldest ?? '').replaceAll('-', '').slice(0, 12), 16);
  return ms > 0 ? new Date(ms).toISOString() : null;
}

// What was begun and not ended, a day ago: a process that died of it, or a message that came to its end elsewhere.
async function removeStartedAttempts(db: Queryable): Promise<number> {
  const [row] = await db.query<{ removed: number }[]>(
    `WITH removed AS (
       DELETE FROM started_attempt WHERE started_at < clock_timestamp() - interval '1 day' RETURNING fingerprint
     )
     SELECT count(*)::int AS removed FROM removed`,
  );
  return row?.removed ?? 0;
}

async function removeParkedHistory(
  db: Queryable,
  { retentionMinutes, portionSize: size = portionSize }: InboxRetentionOptions,
): Promise<number> {
  for (let sum = 0; ;) {
    const [portion] = await db.query<{ removed: number }[]>(removeParkedHistorySql, [retentionMinutes, size]);
    const removed = portion?.removed ?? 0;
    sum += removed;
    if (removed < size) return sum;
  }
}
