/**
 * Up to after_id the open window is published, except for the messages that die here: one transaction for both, and
 * neither for a stale owner. Parameters: shard, seq of the newest progress row, after_id, ids of the dead, reasons, details.
 */
export const appendProgressSql = `
WITH appended AS (
  INSERT INTO outbox_progress (shard, seq, epoch, base, horizon, fresh_from, after_id)
  SELECT shard, seq + 1, epoch, base, horizon, fresh_from, $3
    FROM outbox_progress
   WHERE shard = $1
     AND seq = $2
      ON CONFLICT DO NOTHING
  RETURNING shard, seq, base, horizon, fresh_from, after_id
), died AS (
  INSERT INTO outbox_dead_letter (id, shard, key, message_id, type, reason, detail)
  SELECT message.id, message.shard, message.key, message.message_id, message.type, dying.reason, dying.detail
    FROM appended
   CROSS JOIN unnest($4::bigint[], $5::text[], $6::text[]) AS dying (id, reason, detail)
    JOIN outbox_message AS message ON message.id = dying.id
      ON CONFLICT DO NOTHING
)
SELECT * FROM appended`;
