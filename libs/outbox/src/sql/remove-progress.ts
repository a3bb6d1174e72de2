/**
 * One portion of a shard's progress rows that nobody looks at any more: only the newest counts. Those of the last hour
 * stay for people who want to know what happened. Parameters: shard, seq to start behind, how many.
 */
export const removeProgressSql = `
WITH walked AS MATERIALIZED (
  SELECT seq, recorded_at
    FROM outbox_progress
   WHERE shard = $1
     AND seq > $2
   ORDER BY seq
   LIMIT $3
), removed AS (
  DELETE FROM outbox_progress AS progress
   USING walked
   WHERE progress.shard = $1
     AND progress.seq = walked.seq
     AND walked.recorded_at < clock_timestamp() - interval '1 hour'
     AND walked.seq < (SELECT max(seq) FROM outbox_progress WHERE shard = $1)
  RETURNING progress.seq
)
SELECT count(*)::int AS removed, max(seq) AS last
  FROM removed`;
