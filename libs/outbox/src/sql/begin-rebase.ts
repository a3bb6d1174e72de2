/**
 * From its commit on no relay publishes: none may take a shard any more, and the progress that one holds is stale.
 * A relay that writes progress at the same moment makes it fail (unique_violation): then it is tried again.
 * Parameter: what stands for a rebase that has not ended.
 */
export const beginRebaseSql = `
WITH settings AS (
  UPDATE outbox_settings
     SET system_identifier = $1
  RETURNING shards
), fenced AS (
  INSERT INTO outbox_progress (shard, seq, epoch, base, horizon, fresh_from, after_id)
  SELECT shards.shard, coalesce(seq, 0) + 1, coalesce(epoch, 0) + 1, coalesce(base, '3:3:'), horizon, fresh_from,
         coalesce(after_id, 0)
    FROM settings
   CROSS JOIN generate_series(0, settings.shards - 1) AS shards (shard)
    LEFT JOIN LATERAL (
         SELECT *
           FROM outbox_progress AS progress
          WHERE progress.shard = shards.shard
          ORDER BY seq DESC
          LIMIT 1) AS newest ON true
)
SELECT shards
  FROM settings`;
