/**
 * When the first message was written that is younger than the oldest transaction which is still open: since then at
 * least that transaction has been open, and whatever it wrote waits for its commit. Without a permission that a relay has
 * not got, nobody is told since when another role's transaction runs.
 */
export const openTransactionSql = `
SELECT extract(epoch FROM clock_timestamp() - min(younger.created_at))::float AS seconds
  FROM outbox_settings AS settings
 CROSS JOIN generate_series(0, settings.shards - 1) AS shards (shard)
 CROSS JOIN LATERAL (
       SELECT created_at
         FROM outbox_message
        WHERE shard = shards.shard
          AND xid > pg_snapshot_xmin(pg_current_snapshot())
        ORDER BY shard, xid, id
        LIMIT 1) AS younger`;
