/**
 * Messages from before the verified base that were published again, or only then (a redriven dead letter), between two
 * markers: they could have been lost since. Parameters: shard, verified base, when the verified marker was published,
 * when this one was, the last id read, how many.
 */
export const repeatedSliceSql = `
SELECT slice.id, slice.message_id,
       EXISTS (SELECT FROM outbox_dead_letter AS dead WHERE dead.id = slice.id) AS dead
  FROM (SELECT DISTINCT message.id, message.message_id
          FROM outbox_intervention AS intervention
         CROSS JOIN LATERAL (
               (SELECT id, message_id
                  FROM outbox_message
                 WHERE shard = $1
                   AND id = ANY (intervention.ids)
                   AND id > $5
                   AND pg_visible_in_snapshot(xid, $2::pg_snapshot)
                 ORDER BY id
                 LIMIT $6)
               UNION ALL
               (SELECT message.id, message.message_id      -- a redrive names one message of each key
                  FROM outbox_message AS named
                  JOIN outbox_message AS message ON message.key = named.key
                 WHERE intervention.kind = 'redrive'
                   AND named.id = ANY (intervention.ids)
                   AND message.id > $5
                   AND pg_visible_in_snapshot(message.xid, $2::pg_snapshot)
                 ORDER BY message.id
                 LIMIT $6)
               UNION ALL
               (SELECT id, message_id
                  FROM outbox_message
                 WHERE shard = $1
                   AND id > greatest(intervention.from_id - 1, $5)
                   AND id <= intervention.to_id
                   AND pg_visible_in_snapshot(xid, $2::pg_snapshot)
                 ORDER BY id
                 LIMIT $6)
               ) AS message
         WHERE intervention.shard = $1
           AND intervention.kind <> 'drop'
           AND intervention.finished_at > $3
           AND intervention.finished_at <= $4
         ORDER BY message.id
         LIMIT $6) AS slice
 ORDER BY slice.id`;
