/**
 * Closes the open window, if there is one, and opens the next, if anything became visible since: one progress row, or
 * none when there is nothing to close and nothing to open. Parameters: shard, seq of the newest progress row.
 *
 * The horizon is this statement's own snapshot, so what the statement sees is what the window holds. It counts from its
 * commit on: a snapshot that was kept in memory only is worthless after a crash, because transaction ids are used again.
 *
 * A window starts at the smaller of its two first ids: rows of transactions that were open in the base (late) and rows
 * of later ones (fresh) are interleaved.
 */
export const openWindowSql = `
WITH last AS (
  SELECT shard, seq, epoch, coalesce(horizon, base) AS base, horizon IS NOT NULL AS closes, after_id
    FROM outbox_progress
   WHERE shard = $1
     AND seq = $2
     AND NOT EXISTS (SELECT FROM outbox_progress WHERE shard = $1 AND seq > $2)  -- else an idle one stays stale
), found AS MATERIALIZED (                                -- else each use of a first id looks for it again
  SELECT last.*, first_fresh, last_fresh,
         (SELECT min(first.id)
            FROM (SELECT pg_snapshot_xip(last.base) AS xid) AS late
           CROSS JOIN LATERAL (
                 SELECT message.xid, message.id
                   FROM outbox_message AS message
                  WHERE message.shard = last.shard
                    AND message.xid >= late.xid
                  ORDER BY message.xid, message.id
                  LIMIT 1) AS first
           WHERE first.xid = late.xid) AS first_late
    FROM last
   CROSS JOIN LATERAL (                                    -- "+ 0": else the planner walks all ids from an end on
         SELECT min(message.id + 0) AS first_fresh, max(message.id + 0) AS last_fresh
           FROM outbox_message AS message
          WHERE message.shard = last.shard
            AND message.xid >= pg_snapshot_xmax(last.base)) AS fresh
), changed AS (
  SELECT *, least(first_fresh, first_late) AS first_id
    FROM found
   WHERE closes OR first_fresh IS NOT NULL OR first_late IS NOT NULL
), appended AS (
  INSERT INTO outbox_progress (shard, seq, epoch, base, horizon, fresh_from, after_id)
  SELECT shard, seq + 1, epoch, base,
         CASE WHEN first_id IS NOT NULL THEN pg_current_snapshot() END,
         first_fresh,
         coalesce(first_id - 1, after_id)
    FROM changed
      ON CONFLICT DO NOTHING
  RETURNING shard, seq, base, horizon, fresh_from, after_id
)
SELECT (SELECT count(*) FROM changed)::int AS wanted, appended.*, (SELECT last_fresh FROM changed) AS fresh_to,
       EXISTS (SELECT FROM outbox_marker WHERE shard = $1 AND published_at IS NULL)
       OR EXISTS (SELECT FROM outbox_intervention WHERE shard = $1 AND finished_at IS NULL) AS asked
  FROM last
  LEFT JOIN appended ON true`;
