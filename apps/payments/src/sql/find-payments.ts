import { inThisPartSql } from '@paid-once/compare';

/** Payments as clients see them: also whether each was reversed. */
const paymentsSql = `SELECT payment.*, reversal.payment_id IS NOT NULL AS reversed
  FROM payment_event AS payment
  LEFT JOIN payment_event AS reversal
    ON reversal.payment_id = payment.payment_id AND reversal.type = 'payment.reversed'`;

/** One payment, and whether it was reversed. Parameters: its id, whose it must be or null. */
export const findPaymentSql = `
${paymentsSql}
 WHERE payment.payment_id = $1
   AND payment.type = 'payment.accepted'
   AND ($2::text IS NULL OR payment.client = $2)`;

/** The payment that was made with a key. Parameters: whose, the key. */
export const findByKeySql = `
${paymentsSql}
 WHERE payment.client = $1
   AND payment.idempotency_key = $2
   AND payment.type = 'payment.accepted'`;

/** A page of payments, oldest first. Parameters: id of the last one seen, where to stop or null, whose or null, how many. */
export const listPaymentsSql = `
${paymentsSql}
 WHERE payment.type = 'payment.accepted'
   AND payment.payment_id > $1
   AND ($2::uuid IS NULL OR payment.payment_id <= $2)
   AND ($3::text IS NULL OR payment.client = $3)
 ORDER BY payment.payment_id
 LIMIT $4`;

/** Of a part of the table: count and money, net of reversals, for each currency. */
export const statsSql = `
SELECT currency,
       count(*) FILTER (WHERE type = 'payment.accepted') AS payments,
       count(*) FILTER (WHERE type = 'payment.reversed') AS reversals,
       sum(CASE type WHEN 'payment.accepted' THEN amount_minor ELSE -amount_minor END) AS net_minor
  FROM payment_event
 WHERE ${inThisPartSql}
 GROUP BY currency`;
