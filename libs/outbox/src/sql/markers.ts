/** Parameter: the shards, or null for all. */
export const requestMarkersSql = `
WITH asked AS (
  INSERT INTO outbox_marker (set_id, shard)
  SELECT marker_set.id, shards.shard
    FROM outbox_settings AS settings
   CROSS JOIN (SELECT gen_random_uuid() AS id) AS marker_set
   CROSS JOIN generate_series(0, settings.shards - 1) AS shards (shard)
   WHERE $1::smallint[] IS NULL
      OR shards.shard = ANY ($1)
  RETURNING set_id, shard
)
SELECT set_id FROM asked`;

/** Parameter: the set's id. */
export const findMarkersSql = `
SELECT shard, message_id, requested_at, published_at
  FROM outbox_marker
 WHERE set_id = $1
 ORDER BY shard`;
