/**
 * One portion of retention: walks the next rows in order of their ids, removes those whose time is over, and tells
 * where the walk ended. Parameters: id to start behind, how many rows to walk, minutes a message stays, whether only
 * verified ones may go.
 *
 * `settled`: its transaction had ended before the base was taken, so it is visible in it, and published. A row that was
 * written by a transaction open at that time is not, nor is any younger one. In another cluster than the progress
 * belongs to nothing is settled: there its snapshots mean nothing. With verified ones only, nor is what an intervention
 * has sent since the verified marker was published: it may be lost since, and is asked about behind the next marker.
 * `wanted`: a dead letter, or of an intervention that has not ended.
 */
export const removeMessagesSql = `
WITH bounds AS MATERIALIZED (
  SELECT shards.shard, pg_snapshot_xmin(newest.base) AS settled_before, newest.published_at
    FROM outbox_settings AS settings
    JOIN pg_control_system() AS control ON control.system_identifier::text = settings.system_identifier
   CROSS JOIN generate_series(0, settings.shards - 1) AS shards (shard)
   CROSS JOIN LATERAL (
         (SELECT base, published_at
            FROM outbox_marker AS marker
           WHERE $4::boolean
             AND marker.shard = shards.shard
             AND verified_at IS NOT NULL
           ORDER BY id DESC
           LIMIT 1)
         UNION ALL
         (SELECT base, 'infinity'
            FROM outbox_progress AS progress
           WHERE NOT $4::boolean
             AND progress.shard = shards.shard
           ORDER BY seq DESC
           LIMIT 1)) AS newest
), asked AS MATERIALIZED (
  SELECT intervention.*, finished_at IS NOT NULL AS ended
    FROM outbox_intervention AS intervention
    JOIN bounds USING (shard)
   WHERE kind <> 'drop'
     AND (finished_at IS NULL OR finished_at > published_at)
), named AS MATERIALIZED (
  SELECT unnest(ids) AS id, ended
    FROM asked
   UNION ALL
  SELECT message.id, asked.ended                           -- a redrive names one message of each key
    FROM asked
    JOIN outbox_message AS named ON named.id = ANY (asked.ids)
    JOIN outbox_message AS message ON message.key = named.key
   WHERE asked.kind = 'redrive'
), walked AS MATERIALIZED (
  SELECT id, shard, xid, created_at
    FROM outbox_message
   WHERE id > $1
   ORDER BY id
   LIMIT $2
), judged AS MATERIALIZED (
  SELECT id, shard,
         created_at < clock_timestamp() - make_interval(mins => $3::int) AS expired,
         coalesce(xid < settled_before, false)
         AND NOT walked.id IN (SELECT id FROM named WHERE ended)
         AND NOT EXISTS (
              SELECT
                FROM asked
               WHERE ended
                 AND asked.shard = walked.shard
                 AND walked.id BETWEEN from_id AND to_id) AS settled,
         EXISTS (SELECT FROM outbox_dead_letter AS dead WHERE dead.id = walked.id)
         OR walked.id IN (SELECT id FROM named WHERE NOT ended)
         OR EXISTS (
              SELECT
                FROM asked
               WHERE NOT ended
                 AND asked.shard = walked.shard
                 AND walked.id BETWEEN from_id AND to_id) AS wanted
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
       array_agg(DISTINCT shard) FILTER (WHERE expired AND NOT settled) AS unsettled,
       max(id) AS last,
       min(id) FILTER (WHERE NOT (expired AND settled)) AS first_left
  FROM judged`;
