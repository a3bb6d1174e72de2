/** All that happened to some payments, each payment before its reversal. Parameter: payment ids. */
export const historyOfPaymentsSql = `
SELECT payment_id, type, message_id, client, idempotency_key, src, dest, amount_minor, currency, reference, created_at
  FROM payment_event
 WHERE payment_id = ANY ($1::uuid[])
 ORDER BY payment_id, type`;
