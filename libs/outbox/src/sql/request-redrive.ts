/**
 * Redrives of all dead letters of the chosen keys, portion by portion; each key is named by its first one.
 * Parameters: reason or null, keys or null, how many keys in a portion, who, why, the lock's two numbers.
 */
export const requestRedriveSql = `
WITH chosen AS (
  SELECT DISTINCT key
    FROM outbox_dead_letter
   WHERE dropped_at IS NULL
     AND ($1::text IS NULL OR reason = $1)
     AND ($2::text[] IS NULL OR key = ANY ($2))
), named AS (
  SELECT dead.shard, min(dead.id) AS id, count(*) AS messages
    FROM chosen
    JOIN outbox_dead_letter AS dead USING (key)
   WHERE dead.dropped_at IS NULL
   GROUP BY dead.shard, key
), portions AS (
  SELECT shard, id, messages, (row_number() OVER (PARTITION BY shard ORDER BY id) - 1) / $3::int AS portion
    FROM named
), sums AS (
  SELECT shard, portion, array_agg(id ORDER BY id) AS ids, sum(messages)::int AS messages
    FROM portions
   GROUP BY shard, portion
), locked AS (                                          -- drops wait for the commit, so that they see it
  SELECT pg_advisory_xact_lock_shared($6, $7)
), asked AS (
  INSERT INTO outbox_intervention (kind, shard, requested_by, why, ids)
  SELECT 'redrive', shard, $4, $5, ids
    FROM sums
   CROSS JOIN locked
   ORDER BY portion, shard
  RETURNING id, shard, ids
)
SELECT asked.id, sums.messages
  FROM asked
  JOIN sums USING (shard, ids)
 ORDER BY asked.id`;
