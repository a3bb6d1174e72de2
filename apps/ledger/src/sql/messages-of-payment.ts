/** All messages of a payment that are known here, the oldest first. Parameter: the payment's id. */
export const messagesOfPaymentSql = `
WITH parked AS (
  SELECT message_id, type,
         json_agg(json_build_object('id', id::text, 'reason', reason, 'detail', detail, 'attempts', attempts,
                                    'firstSeenAt', first_seen_at, 'lastSeenAt', last_seen_at,
                                    'droppedAt', dropped_at) ORDER BY id) AS rows
    FROM parked_message
   WHERE key = $1::text
   GROUP BY message_id, type
), posted AS (
  SELECT message_id::text AS message_id, posted_at,
         CASE kind WHEN 'payment' THEN 'payment.accepted' ELSE 'payment.reversed' END AS type
    FROM transfer
   WHERE payment_id = $1::uuid
)
SELECT type, known.message_id AS "messageId", received_at AS "receivedAt", posted_at AS "postedAt", rows AS "parked"
  FROM (SELECT coalesce(posted.type, parked.type) AS type, coalesce(posted.message_id, parked.message_id) AS message_id,
               posted_at, coalesce(rows, '[]') AS rows
          FROM posted
          FULL JOIN parked ON parked.message_id = posted.message_id) AS known
  LEFT JOIN LATERAL (
    SELECT received_at
      FROM inbox_message AS inbox
     WHERE inbox.message_id = CASE WHEN known.message_id ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
                                   THEN known.message_id::uuid END
  ) AS received ON true
 ORDER BY known.message_id`;

export interface MessageOfPaymentRow {
  type: string | null;
  messageId: string | null;
  receivedAt: Date | null;
  postedAt: Date | null;
  parked: {
    id: string;
    reason: string;
    detail: string;
    attempts: number;
    firstSeenAt: string;
    lastSeenAt: string;
    droppedAt: string | null;
  }[];
}
