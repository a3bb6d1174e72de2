import type { EntityManager } from 'typeorm';
import { recordDrop } from './interventions.js';
import type { Message } from './park.js';
import { fingerprintOf } from './park.js';
import { inboxFirst, matching, type ParkedFilter, type Requester } from './parked-filter.js';

/** It is about another number of messages than was expected. */
export class CountDiffers extends Error {
  constructor(
    readonly expected: number,
    readonly counted: number,
  ) {
    super(`${expected} were expected, there are ${counted}`);
  }
}

/**
 * Decides that these messages never take effect. They stay, with who decided it and why, but are no longer redriven with
 * others nor released when their predecessor takes effect. One that might take effect if it came again (poison, dead
 * letters, what another release may support or find valid) is written into the inbox, so that it then counts as a repeat.
 * @throws CountDiffers then the caller's transaction must be rolled back
 */
export async function dropParked(
  tx: EntityManager,
  which: ParkedFilter,
  expected: number,
  who: Requester,
): Promise<void> {
  await inboxFirst(tx);
  const { condition, parameter } = matching(which);
  const [row] = await tx.query<{ count: number }[]>(
    `WITH dropped AS (
       UPDATE parked_message
          SET dropped_at = clock_timestamp(), dropped_by = $2, dropped_why = $3
        WHERE dropped_at IS NULL
          AND ${condition}
       RETURNING message_id,
                 CASE WHEN reason IN ('poison', 'dead-lettered', 'unsupported', 'invalid') THEN sha256(body) END AS body_hash
     ), remembered AS (
       INSERT INTO inbox_message (message_id, body_hash)
       SELECT DISTINCT ON (message_id) message_id::uuid, body_hash
         FROM dropped
        WHERE body_hash IS NOT NULL
          AND message_id ~ '^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$'
        ORDER BY message_id
           ON CONFLICT DO NOTHING
     )
     SELECT count(*)::int AS count FROM dropped`,
    [parameter, who.by, who.why],
  );
  const counted = row?.count ?? 0;
  if (counted !== expected) throw new CountDiffers(expected, counted);
  await recordDrop(tx, { which, who }, counted);
}

/** What was dropped and came again is counted there, and does not come back to life. */
export async function countDropped(tx: EntityManager, repeated: { message: Message }[]): Promise<void> {
  if (repeated.length === 0) return;
  await tx.query(
    `UPDATE parked_message
        SET attempts = attempts + 1, last_seen_at = clock_timestamp()
      WHERE dropped_at IS NOT NULL
        AND fingerprint = ANY($1::bytea[])`,
    [repeated.map(({ message }) => fingerprintOf(message))],
  );
}
