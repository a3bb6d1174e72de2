import { digestPageSql, inThisPartSql, pageEndSql } from '@paid-once/compare';
import type { PaymentEventType } from '@paid-once/contracts';
import { isDroppedCopy } from '@paid-once/inbox';

export interface ExportedRow {
  payment_id: string;
  kind: string;
  occurrence: number;
  type: PaymentEventType;
  message_id: string;
  src: string;
  dest: string;
  amount_minor: string;
  currency: string;
}

/** A transfer as the payment event it posted: for a reversal too, src and dest are the payment's own. */
const events = `
SELECT payment_id, kind, occurrence, message_id, amount_minor, currency,
       CASE kind WHEN 'payment' THEN 'payment.accepted' ELSE 'payment.reversed' END AS type,
       CASE kind WHEN 'payment' THEN debit_account ELSE credit_account END AS src,
       CASE kind WHEN 'payment' THEN credit_account ELSE debit_account END AS dest
  FROM transfer`;

/** A page of events. Parameters: payment id, kind and occurrence of the last one seen, how many, the last payment wanted. */
export const exportPageSql = `
${events}
 WHERE (payment_id, kind, occurrence) > ($1::uuid, $2, $3::smallint)
   AND payment_id <= $5::uuid
 ORDER BY payment_id, kind, occurrence
 LIMIT $4`;

export const digestTransfersSql = { pageEnd: pageEndSql('transfer'), page: digestPageSql(`(${events})`) };

/** Of a part of the table: payments and reversals by currency; money in minor units, net of reversals. */
export const statsSql = `
SELECT currency,
       count(*) FILTER (WHERE kind = 'payment')  AS payments,
       count(*) FILTER (WHERE kind = 'reversal') AS reversals,
       sum(CASE kind WHEN 'payment' THEN amount_minor ELSE -amount_minor END) AS net_minor
  FROM transfer
 WHERE ${inThisPartSql}
 GROUP BY currency`;

/**
 * Where the events of some payments are: posted, or set aside, and by whom that was given up. Not what was dropped without
 * the event's being given up: a damaged copy, or one of another run. Parameter: payment ids.
 */
export const stationsSql = `
SELECT payment_id::text AS payment_id,
       CASE kind WHEN 'payment' THEN 'payment.accepted' ELSE 'payment.reversed' END AS type,
       'posted' AS station, NULL AS reason, message_id::text AS message_id, posted_at AS since,
       NULL AS dropped_by, NULL AS dropped_why
  FROM transfer
 WHERE payment_id = ANY ($1::uuid[])
 UNION ALL
SELECT key, type, CASE reason WHEN 'waiting-for' THEN 'waiting' ELSE 'parked' END, reason, message_id, first_seen_at,
       dropped_by, dropped_why
  FROM parked_message
 WHERE key = ANY ($1::text[])
   AND type IN ('payment.accepted', 'payment.reversed')
   AND NOT ${isDroppedCopy('parked_message')}
   AND (dropped_at IS NULL OR reason <> 'other-run')
 ORDER BY payment_id, type, since`;
