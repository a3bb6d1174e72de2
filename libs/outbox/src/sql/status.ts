/** What waits in each shard and who owns it. The work is proportional to what waits. Parameter: lock class. */
export const statusSql = `
SELECT shards.shard,
       waiting.pending::int AS pending,
       extract(epoch FROM clock_timestamp() - waiting.oldest)::float AS oldest_seconds,
       extract(epoch FROM clock_timestamp() - newest.recorded_at)::float AS progress_seconds,
       (SELECT count(*)::int
          FROM outbox_dead_letter AS dead
         WHERE dead.shard = shards.shard
           AND dead.dropped_at IS NULL) AS dead_letters,
       (SELECT pid
          FROM pg_locks
         WHERE locktype = 'advisory'
           AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
           AND classid = $1::oid
           AND objid = shards.shard::oid
           AND objsubid = 2
           AND granted) AS owner
  FROM outbox_settings AS settings
 CROSS JOIN generate_series(0, settings.shards - 1) AS shards (shard)
 CROSS JOIN LATERAL (
       SELECT base, coalesce(horizon, base) AS horizon, after_id, recorded_at
         FROM outbox_progress AS progress
        WHERE progress.shard = shards.shard
        ORDER BY seq DESC
        LIMIT 1) AS newest
 CROSS JOIN LATERAL (
       SELECT count(*) AS pending, min(unpublished.created_at) AS oldest
         FROM (SELECT fresh.xid, fresh.id, fresh.created_at
                 FROM outbox_message AS fresh
                WHERE fresh.shard = shards.shard
                  AND fresh.xid >= pg_snapshot_xmax(newest.base)
                UNION ALL
               SELECT message.xid, message.id, message.created_at
                 FROM pg_snapshot_xip(newest.base) AS late (xid)
                 JOIN outbox_message AS message ON message.shard = shards.shard AND message.xid = late.xid
              ) AS unpublished
        WHERE NOT (pg_visible_in_snapshot(unpublished.xid, newest.horizon) AND unpublished.id <= newest.after_id)
       ) AS waiting
 ORDER BY shards.shard`;
