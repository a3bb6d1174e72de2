/**
 * Where the messages of some keys are. Parameters: the keys, a set of markers or null.
 *
 * A dead letter is in the marker's base too, but its redrive may be younger than the marker.
 */
export const stationsSql = `
SELECT message.message_id,
       CASE WHEN dead.id IS NOT NULL THEN 'dead-lettered'
            WHEN pg_visible_in_snapshot(message.xid, newest.base) THEN 'published'
            WHEN pg_visible_in_snapshot(message.xid, newest.horizon) AND message.id <= newest.after_id THEN 'published'
            ELSE 'outbox'
       END AS station,
       coalesce(pg_visible_in_snapshot(message.xid, marker.base), false)
       AND NOT EXISTS (SELECT
                         FROM outbox_intervention AS redrive
                         JOIN outbox_message AS named ON named.id = ANY (redrive.ids)
                        WHERE redrive.kind = 'redrive'
                          AND redrive.shard = message.shard
                          AND (redrive.finished_at IS NULL OR redrive.finished_at > marker.requested_at)
                          AND named.key = message.key) AS before_marker
  FROM outbox_message AS message
 CROSS JOIN LATERAL (
       SELECT base, horizon, after_id
         FROM outbox_progress AS progress
        WHERE progress.shard = message.shard
        ORDER BY seq DESC
        LIMIT 1) AS newest
  LEFT JOIN outbox_marker AS marker ON marker.set_id = $2::uuid AND marker.shard = message.shard
  LEFT JOIN outbox_dead_letter AS dead ON dead.id = message.id
 WHERE message.key = ANY ($1::text[])`;
