/**
 * One portion of retention: walks the next rows in order of their ids, removes those whose time is over, and tells
 * where the walk ended. Parameters: id to start behind, how many rows to walk, minutes a message stays, whether only
 * verified ones may go.
 *
 * `settled`: its transaction had ended before the base was taken, so it is visible in it, and published. A row that was
 * written by a transaction open at that time is not, nor is any younger one. In another cluster than the progress
 * belongs to nothing is settled: there its snapshots mean nothing.
 * `wanted`: a dead letter, or named by an intervention that has not ended.
 */
export const removeMessagesSql = `
WITH bounds AS MATERIALIZED (
  SELECT shards.shard,
         pg_snapshot_xmin(CASE
           WHEN $4::boolean THEN (
             SELECT base
               FROM outbox_marker AS marker
              WHERE marker.shard = shards.shard
                AND verified_at IS NOT NULL
              ORDER BY id DESC
              LIMIT 1)
           ELSE (
             SELECT base
               FROM outbox_progress AS progress
              WHERE progress.shard = shards.shard
              ORDER BY seq DESC
              LIMIT 1)
         END) AS settled_before
    FROM outbox_settings AS settings
    JOIN pg_control_system() AS control ON control.system_identifier::text = settings.system_identifier
   CROSS JOIN generate_series(0, settings.shards - 1) AS shards (shard)
), walked AS MATERIALIZED (
  SELECT id, shard, xid, created_at
    FROM outbox_message
   WHERE id > $1
   ORDER BY id
   LIMIT $2
), judged AS MATERIALIZED (
  SELECT id,
         created_at < clock_timestamp() - make_interval(mins => $3::int) AS expired,
         coalesce(xid < settled_before, false) AS settled,
         EXISTS (SELECT FROM outbox_dead_letter AS dead WHERE dead.id = walked.id)
         OR EXISTS (
              SELECT
                FROM outbox_intervention AS intervention
               WHERE intervention.finished_at IS NULL
                 AND intervention.shard = walked.shard
                 AND (walked.id BETWEEN from_id AND to_id OR walked.id = ANY (ids))) AS wanted
    FROM walked
    LEFT JOIN bounds USING (shard)
), removed AS (
  DELETE FROM outbox_message AS message
   USING judged
   WHERE message.id = judged.id
     AND expired
     AND settled
     AND NOT wanted
  RETURNING message.id
)
SELECT (SELECT count(*) FROM removed)::int AS removed,
       count(*)::int AS walked,
       coalesce(bool_and(expired), false) AS all_expired,
       count(*) FILTER (WHERE expired AND NOT settled)::int AS unsettled,
       max(id) AS last,
       min(id) FILTER (WHERE NOT (expired AND settled)) AS first_left
  FROM judged`;
