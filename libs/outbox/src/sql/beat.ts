/**
 * What an owner must know each second or two, and the sign of life that keeps its locks: who holds each shard, how many
 * relays there are, and in which of our own shards something waits or was asked for. Parameters: lock class, member lock's number.
 */
export const beatSql = `
WITH locks AS MATERIALIZED (
  SELECT pid, objid::bigint AS number
    FROM pg_locks
   WHERE locktype = 'advisory'
     AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
     AND classid = $1::oid
     AND objsubid = 2                                      -- locks that are named by two numbers
     AND granted
)
SELECT shards.shard,
       holder.pid IS NOT NULL AS held,
       holder.pid IS NOT DISTINCT FROM pg_backend_pid() AS ours,
       (SELECT count(*) FROM locks WHERE number = $2)::int AS relays,
       CASE WHEN holder.pid = pg_backend_pid() THEN
            newest.horizon IS NOT NULL
            OR (SELECT true
                  FROM outbox_message
                 WHERE shard = shards.shard
                   AND xid >= pg_snapshot_xmax(newest.base)
                 ORDER BY shard, xid, id
                 LIMIT 1) IS NOT NULL
            OR EXISTS (
                SELECT
                  FROM (SELECT pg_snapshot_xip(newest.base) AS xid) AS late
                 CROSS JOIN LATERAL (
                       SELECT xid
                         FROM outbox_message
                        WHERE shard = shards.shard
                          AND outbox_message.xid >= late.xid
                        ORDER BY xid, id
                        LIMIT 1) AS first
                 WHERE first.xid = late.xid)
            OR EXISTS (SELECT FROM outbox_marker AS marker WHERE marker.shard = shards.shard AND published_at IS NULL)
            OR EXISTS (SELECT FROM outbox_intervention AS asked WHERE asked.shard = shards.shard AND finished_at IS NULL)
       ELSE false END AS has_work
  FROM outbox_settings AS settings
 CROSS JOIN generate_series(0, settings.shards - 1) AS shards (shard)
 CROSS JOIN LATERAL (
       SELECT base, horizon
         FROM outbox_progress AS progress
        WHERE progress.shard = shards.shard
        ORDER BY seq DESC
        LIMIT 1) AS newest
  LEFT JOIN locks AS holder ON holder.number = shards.shard
 ORDER BY shards.shard`;
