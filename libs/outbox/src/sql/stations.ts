/** Where the messages of some keys are. Parameter: the keys. */
export const stationsSql = `
SELECT message.message_id,
       CASE WHEN dead.id IS NOT NULL THEN 'dead-lettered'
            WHEN pg_visible_in_snapshot(message.xid, newest.base) THEN 'published'
            WHEN pg_visible_in_snapshot(message.xid, newest.horizon) AND message.id <= newest.after_id THEN 'published'
            ELSE 'outbox'
       END AS station
  FROM outbox_message AS message
 CROSS JOIN LATERAL (
       SELECT base, horizon, after_id
         FROM outbox_progress AS progress
        WHERE progress.shard = message.shard
        ORDER BY seq DESC
        LIMIT 1) AS newest
  LEFT JOIN outbox_dead_letter AS dead ON dead.id = message.id
 WHERE message.key = ANY ($1::text[])`;
