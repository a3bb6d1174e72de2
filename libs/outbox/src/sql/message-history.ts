/**
 * The messages of one key, and when the progress first said that they are published. Parameter: the key.
 *
 * Whether a message is published never becomes untrue, so the first progress row that says so is found by halving. Where
 * the oldest row that is left says it already, the first one may be gone.
 */
export const messageHistorySql = `
SELECT message.type, message.message_id AS "messageId", message.shard, message.created_at AS "createdAt",
       CASE WHEN dead.id IS NOT NULL THEN 'dead-lettered'
            WHEN reached.published THEN 'published'
            ELSE 'outbox'
       END AS station,
       CASE WHEN dead.id IS NULL THEN first.recorded_at END AS "publishedAt",
       dead.reason, dead.detail, dead.died_at AS "diedAt",
       dead.dropped_at AS "droppedAt", dead.dropped_by AS "droppedBy", dead.dropped_why AS "droppedWhy"
  FROM outbox_message AS message
  LEFT JOIN outbox_dead_letter AS dead ON dead.id = message.id
 CROSS JOIN LATERAL (
       SELECT min(seq) AS oldest, max(seq) AS newest
         FROM outbox_progress
        WHERE shard = message.shard) AS kept
 CROSS JOIN LATERAL (${publishedAt('kept.newest')}) AS reached
 CROSS JOIN LATERAL (${publishedAt('kept.oldest')}) AS known
  LEFT JOIN LATERAL (
       WITH RECURSIVE search (low, high) AS (              -- at low it was not published, at high it was
         SELECT kept.oldest, kept.newest
          WHERE reached.published
            AND NOT known.published
          UNION ALL
         SELECT CASE WHEN probe.published THEN low ELSE (low + high) / 2 END,
                CASE WHEN probe.published THEN (low + high) / 2 ELSE high END
           FROM search
          CROSS JOIN LATERAL (${publishedAt('(search.low + search.high) / 2')}) AS probe
          WHERE high - low > 1
       )
       SELECT progress.recorded_at
         FROM search
         JOIN outbox_progress AS progress ON progress.shard = message.shard AND progress.seq = search.high
        WHERE search.high - search.low = 1) AS first ON true
 WHERE message.key = $1
 ORDER BY message.id`;

function publishedAt(seq: string): string {
  return `
       SELECT pg_visible_in_snapshot(message.xid, base)
              OR coalesce(pg_visible_in_snapshot(message.xid, horizon), false) AND message.id <= after_id AS published
         FROM outbox_progress AS progress
        WHERE progress.shard = message.shard
          AND progress.seq = ${seq}`;
}
