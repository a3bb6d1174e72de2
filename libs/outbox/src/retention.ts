import { pause } from '@paid-once/service';
import type { Reader } from './held-connection.js';
import { shardCount } from './migration.js';
import { retentionLock } from './shard-ownership.js';
import { removeMarkersSql } from './sql/remove-markers.js';
import { removeMessagesSql } from './sql/remove-messages.js';
import { removeProgressSql } from './sql/remove-progress.js';
import { checkServer } from './window.js';

/** Rows in one statement: some 50 ms. */
const portionSize = 10_000;
/** The pause after a portion, as a multiple of what it took: others get nine tenths of the time, whatever a portion costs. */
const pauseAfterPortion = { factor: 9, minMs: 20 };
/** What a run left behind on purpose is looked at again after this. */
const sweepEveryMs = 3_600_000;

export interface OutboxRetentionOptions {
  /** How long a published message stays. */
  retentionMinutes: number;
  /** Whether messages go only after the ledger was seen to have them (`verified_at` of a marker behind them). */
  verifiedOnly: boolean;
  /** Default 10,000. */
  portionSize?: number;
}

export interface OutboxRemoved extends Record<string, number> {
  messages: number;
  progress: number;
  markers: number;
}

/**
 * The session that retention needs: it walks in order of the ids and looks rows up by their keys, whatever the planner
 * believes of tables that shrink.
 */
export const outboxRetentionSession =
  '-c enable_seqscan=off -c enable_bitmapscan=off -c enable_hashjoin=off -c enable_mergejoin=off';

/**
 * Removes history from the outbox's old end, in portions; it takes no lock that a payment or a relay waits for.
 *
 * What it must never remove: what is unpublished or, with `verifiedOnly`, unverified; dead letters; what an open
 * intervention names. One that is asked for while its rows are being removed finds fewer: they were published, verified
 * and older than the retention.
 */
export class OutboxRetention {
  /** Everything up to here was removed, or is kept as a dead letter or for an intervention. */
  private doneUpTo = '0';
  private progressUpTo: string[] = [];
  private sweepAt = -Infinity;

  constructor(private readonly options: OutboxRetentionOptions) {}

  /**
   * One run, until nothing is left to remove or the signal comes. It may be repeated at any time, by any process.
   * @param db a session of its own, opened with `outboxRetentionSession`
   * @returns undefined: another run is under way
   * @throws OtherServer this is a standby, or a restored cluster: nothing is removed
   */
  async run(
    db: Reader,
    signal?: AbortSignal,
  ): Promise<{ removed: OutboxRemoved; oldest: string | null } | undefined> {
    await checkServer(db);
    // Held by the session, and only by retentions: two of them would delete the same rows and wait for each other.
    const [lock] = await db.query<{ free: boolean }[]>('SELECT pg_try_advisory_lock($1, $2) AS free', [
      ...retentionLock,
    ]);
    if (!lock?.free) return undefined;
    try {
      const removed = {
        messages: await this.removeMessages(db, signal),
        progress: await this.removeProgress(db, signal),
        markers: await removeMarkers(db),
      };
      return { removed, oldest: await this.oldest(db) };
    } finally {
      // A session that was lost has lost its lock, too: what happened to it is the error to tell.
      await db.query('SELECT pg_advisory_unlock($1, $2)', [...retentionLock]).catch(() => {});
    }
  }

  // It goes on where the last run ended: beside a held snapshot the rows removed before are still in the index, and a
  // walk over them would take longer each time. What was left behind is looked for seldom, therefore.
  private async removeMessages(db: Reader, signal: AbortSignal | undefined): Promise<number> {
    if (performance.now() >= this.sweepAt) {
      this.doneUpTo = '0';
      this.sweepAt = performance.now() + sweepEveryMs;
    }
    const { retentionMinutes, verifiedOnly, portionSize: size = portionSize } = this.options;
    let after = this.doneUpTo;
    let firstLeft: string | null = null;
    let removed = 0;
    const unsettled = new Set<number>();
    for (;;) {
      const { portion, restMs } = await timed(() =>
        db.query<MessagesPortion[]>(removeMessagesSql, [after, size, retentionMinutes, verifiedOnly]),
      );
      if (!portion) return removed;
      removed += portion.removed;
      after = portion.last ?? after;
      firstLeft ??= portion.first_left;
      this.doneUpTo = firstLeft === null ? after : String(BigInt(firstLeft) - 1n);
      const isEnd = portion.walked < size || !portion.all_expired;
      // Behind a row that is not settled there are, as a rule, only more of them in its shard.
      portion.unsettled?.forEach((shard) => unsettled.add(shard));
      if (isEnd || unsettled.size === shardCount || signal?.aborted) return removed;
      await pause(restMs, signal);
    }
  }

  private async removeProgress(db: Reader, signal: AbortSignal | undefined): Promise<number> {
    const { portionSize: size = portionSize } = this.options;
    let removed = 0;
    for (let shard = 0; shard < shardCount; shard++) {
      for (;;) {
        if (signal?.aborted) return removed;
        const after = this.progressUpTo[shard] ?? '-1';
        const { portion, restMs } = await timed(() =>
          db.query<{ removed: number; last: string | null }[]>(removeProgressSql, [shard, after, size]),
        );
        this.progressUpTo[shard] = portion?.last ?? after;
        removed += portion?.removed ?? 0;
        if ((portion?.removed ?? 0) < size) break;
        await pause(restMs, signal);
      }
    }
    return removed;
  }

  /** When the oldest message was written that is not kept on purpose. */
  private async oldest(db: Reader): Promise<string | null> {
    const [row] = await db.query<{ created_at: Date }[]>(
      'SELECT created_at FROM outbox_message WHERE id > $1 ORDER BY id LIMIT 1',
      [this.doneUpTo],
    );
    return row?.created_at.toISOString() ?? null;
  }
}

interface MessagesPortion {
  removed: number;
  walked: number;
  all_expired: boolean;
  /** Shards with rows that may not go yet, however old. */
  unsettled: number[] | null;
  last: string | null;
  first_left: string | null;
}

async function removeMarkers(db: Reader): Promise<number> {
  const [row] = await db.query<{ removed: number }[]>(removeMarkersSql);
  return row?.removed ?? 0;
}

async function timed<Portion>(remove: () => Promise<Portion[]>) {
  const startedAt = performance.now();
  const [portion] = await remove();
  const { factor, minMs } = pauseAfterPortion;
  return { portion, restMs: Math.max(minMs, factor * (performance.now() - startedAt)) };
}
