/**
 * The newest progress of a shard, appended once more under the next epoch: whatever an earlier owner still holds is
 * stale from now on. Nothing where the progress belongs to another cluster, or to none while a rebase is under way:
 * that may have changed since it was checked. Parameter: shard.
 */
export const takeShardSql = `
WITH taken AS (
  INSERT INTO outbox_progress (shard, seq, epoch, base, horizon, fresh_from, after_id)
  SELECT shard, seq + 1, epoch + 1, base, horizon, fresh_from, after_id
    FROM outbox_progress
   WHERE shard = $1
     AND (SELECT system_identifier FROM outbox_settings)
         = (SELECT system_identifier::text FROM pg_control_system())
   ORDER BY seq DESC
   LIMIT 1
      ON CONFLICT DO NOTHING
  RETURNING shard, seq, base, horizon, fresh_from, after_id
)
SELECT taken.*,
       (SELECT max(message.id + 0)                         -- "+ 0": see the opening of a window
          FROM outbox_message AS message
         WHERE message.shard = taken.shard
           AND message.xid >= pg_snapshot_xmax(taken.base)
           AND message.xid < pg_snapshot_xmax(taken.horizon)
           AND pg_visible_in_snapshot(message.xid, taken.horizon)) AS fresh_to
  FROM taken`;
