/** All messages of a payment that are known here, by their ids. Parameter: the payment's id. */
export const messagesOfPaymentSql = `
WITH posted AS (
  SELECT message_id::text AS message_id, posted_at,
         CASE kind WHEN 'payment' THEN 'payment.accepted' ELSE 'payment.reversed' END AS type
    FROM transfer
   WHERE payment_id = $1::uuid
), parked AS (
  SELECT message_id, type,
         json_agg(json_build_object('id', id::text, 'reason', reason, 'detail', detail, 'attempts', attempts,
                                    'firstSeenAt', first_seen_at, 'lastSeenAt', last_seen_at, 'droppedAt', dropped_at,
                                    'droppedBy', dropped_by, 'droppedWhy', dropped_why) ORDER BY id) AS rows
    FROM parked_message
   WHERE key = $1::text
   GROUP BY message_id, type
), history AS (
  SELECT message_id, type,
         json_agg(json_build_object('at', ended_at, 'reason', reason, 'parkedAgain', parked_again,
                                    'by', requested_by, 'why', why) ORDER BY ended.id) AS rows
    FROM parked_history AS ended
    LEFT JOIN parked_intervention AS asked ON asked.id = intervention_id
   WHERE key = $1::text
   GROUP BY message_id, type
), known AS (
  SELECT message_id, type FROM posted
   UNION
  SELECT message_id, type FROM parked
   UNION
  SELECT message_id, type FROM history
)
SELECT known.type, known.message_id AS "messageId", received_at AS "receivedAt", posted_at AS "postedAt",
       coalesce(parked.rows, '[]') AS parked, coalesce(history.rows, '[]') AS history
  FROM known
  LEFT JOIN posted USING (message_id, type)
  LEFT JOIN parked ON (parked.message_id, parked.type) IS NOT DISTINCT FROM (known.message_id, known.type)
  LEFT JOIN history ON (history.message_id, history.type) IS NOT DISTINCT FROM (known.message_id, known.type)
  LEFT JOIN LATERAL (
    SELECT received_at
      FROM inbox_message AS inbox
     WHERE inbox.message_id = CASE WHEN known.message_id ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
                                   THEN known.message_id::uuid END
  ) AS received ON true
 ORDER BY known.message_id, known.type`;

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
    droppedBy: string | null;
    droppedWhy: string | null;
  }[];
  /** How its being parked ended: by a redrive, with who and why and what it was parked for again; or it came itself. */
  history: {
    at: string;
    reason: string;
    parkedAgain: string | null;
    by: string | null;
    why: string | null;
  }[];
}
