/** Replays of some messages, portion by portion. Parameters: keys, outbox ids, how many in a portion, who, why. */
export const replayMessagesSql = `
WITH wanted AS (
  SELECT shard, id FROM outbox_message WHERE key = ANY ($1::text[])
   UNION ALL
  SELECT shard, id FROM outbox_message WHERE id = ANY ($2::bigint[])
), portions AS (
  SELECT shard, id, (row_number() OVER (PARTITION BY shard ORDER BY id) - 1) / $3::int AS portion
    FROM wanted
   WHERE NOT EXISTS (SELECT FROM outbox_dead_letter AS dead WHERE dead.id = wanted.id)
), asked AS (
  INSERT INTO outbox_intervention (kind, shard, requested_by, why, ids)
  SELECT 'replay', shard, $4, $5, array_agg(id ORDER BY id)
    FROM portions
   GROUP BY shard, portion
   ORDER BY portion, shard
  RETURNING id, cardinality(ids) AS messages
)
SELECT id, messages FROM asked ORDER BY id`;

/**
 * Replays of what was written in the last so many seconds, one in each shard. Parameters: seconds, who, why.
 *
 * There is no index on created_at, and none is needed: ids ascend with it, so the first one is found by halving. Where
 * two sessions raced, a row may be a moment older than the one before it: ten seconds more are taken.
 */
export const replaySinceSql = `
WITH RECURSIVE since AS MATERIALIZED (
  SELECT statement_timestamp() - make_interval(secs => $1::float + 10) AS at
), search AS (
  SELECT min(id) AS low, max(id) + 1 AS high
    FROM outbox_message
   UNION ALL
  SELECT CASE WHEN probe.created_at < since.at THEN probe.id + 1 ELSE search.low END,
         CASE WHEN probe.created_at < since.at THEN search.high ELSE (search.low + search.high) / 2 END
    FROM search
   CROSS JOIN since
   CROSS JOIN LATERAL (
         SELECT id, created_at
           FROM outbox_message
          WHERE id >= (search.low + search.high) / 2
          ORDER BY id
          LIMIT 1) AS probe
   WHERE search.low < search.high
), found AS (
  SELECT (SELECT min(id) FROM outbox_message WHERE id >= search.low) AS from_id,
         (SELECT max(id) FROM outbox_message) AS to_id
    FROM search
   WHERE search.low >= search.high
   LIMIT 1
), asked AS (
  INSERT INTO outbox_intervention (kind, shard, requested_by, why, from_id, to_id, after_id)
  SELECT 'replay', shards.shard, $2, $3, from_id, to_id, from_id - 1
    FROM found
   CROSS JOIN outbox_settings AS settings
   CROSS JOIN generate_series(0, settings.shards - 1) AS shards (shard)
   WHERE from_id <= to_id
  RETURNING id, to_id - from_id + 1 AS messages
)
SELECT id, messages FROM asked ORDER BY id`;
