/**
 * The markers of a shard that are not published yet, each with what was published before it on record from now on. One
 * that was sent before, by an owner who did not live to note it, keeps its base: it may have arrived already.
 * Parameters: shard, seq of the newest progress row, its base. One row says only whether that is still the newest.
 */
export const fixMarkersSql = `
WITH newest AS (
  SELECT seq FROM outbox_progress WHERE shard = $1 ORDER BY seq DESC LIMIT 1
), fixed AS (
  UPDATE outbox_marker AS marker
     SET base = coalesce(marker.base, $3::pg_snapshot)
    FROM newest
   WHERE newest.seq = $2
     AND marker.shard = $1
     AND marker.published_at IS NULL
  RETURNING marker.*
)
SELECT newest.seq = $2 AS ours, fixed.id, fixed.message_id, settings.run_id, fixed.shard, fixed.set_id AS key,
       fixed.requested_at AS created_at
  FROM newest
 CROSS JOIN outbox_settings AS settings
  LEFT JOIN fixed ON true
 ORDER BY fixed.id`;

/** These markers have been confirmed. Parameters: shard, seq of the newest progress row, their ids. */
export const recordMarkersSql = `
WITH newest AS (
  SELECT seq FROM outbox_progress WHERE shard = $1 ORDER BY seq DESC LIMIT 1
), recorded AS (
  UPDATE outbox_marker AS marker
     SET published_at = clock_timestamp()
    FROM newest
   WHERE newest.seq = $2
     AND marker.id = ANY ($3::bigint[])
)
SELECT seq = $2 AS ours FROM newest`;
