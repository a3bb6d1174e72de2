/**
 * The progress starts anew, before every message, and belongs to this cluster. Markers that have a base are of the
 * cluster before: by them retention would take for verified what was never sent from here.
 * Parameter: what stands for a rebase that has not ended.
 */
export const endRebaseSql = `
WITH settings AS (
  UPDATE outbox_settings AS settings
     SET system_identifier = control.system_identifier::text
    FROM pg_control_system() AS control
   WHERE settings.system_identifier = $1
  RETURNING settings.shards, settings.system_identifier
), markers AS (
  DELETE FROM outbox_marker
   WHERE base IS NOT NULL
), started AS (
  INSERT INTO outbox_progress (shard, seq, epoch, base, after_id)
  SELECT shards.shard, newest.seq + 1, newest.epoch + 1, '3:3:', 0
    FROM settings
   CROSS JOIN generate_series(0, settings.shards - 1) AS shards (shard)
   CROSS JOIN LATERAL (
         SELECT seq, epoch
           FROM outbox_progress AS progress
          WHERE progress.shard = shards.shard
          ORDER BY seq DESC
          LIMIT 1) AS newest
)
SELECT shards, system_identifier
  FROM settings`;
