/** New payments: of those whose key is taken nothing is returned. Parameters: one array for each column. */
export const insertPaymentsSql = `
INSERT INTO payment_event AS event
       (payment_id, type, client, idempotency_key, fingerprint, src, dest, amount_minor, currency, reference)
SELECT outbox_uuidv7(), 'payment.accepted', client, idempotency_key, fingerprint, src, dest, amount_minor, currency, reference
  FROM unnest($1::text[], $2::text[], $3::bytea[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::text[])
       WITH ORDINALITY AS new (client, idempotency_key, fingerprint, src, dest, amount_minor, currency, reference, position)
 ORDER BY position                                         -- the caller's sorting is the order of locking
    ON CONFLICT DO NOTHING
RETURNING payment_id, type, message_id, client, idempotency_key, src, dest, amount_minor, currency, reference, created_at`;

/**
 * Reversals of payments that exist. Nothing is returned for an unknown payment, one that is reversed already,
 * or a key that is taken. \`created_at\` of what is returned is the payment's.
 */
export const insertReversalsSql = `
WITH payment AS (
  SELECT new.*, payment_id, src, dest, amount_minor, currency, reference, created_at
    FROM unnest($1::text[], $2::text[], $3::bytea[], $4::uuid[])
         WITH ORDINALITY AS new (client, idempotency_key, fingerprint, reverses, position)
    JOIN payment_event ON payment_id = reverses AND type = 'payment.accepted'
), reversal AS (
  INSERT INTO payment_event
         (payment_id, type, client, idempotency_key, fingerprint, src, dest, amount_minor, currency, reference)
  SELECT payment_id, 'payment.reversed', client, idempotency_key, fingerprint, src, dest, amount_minor, currency, reference
    FROM payment
   ORDER BY position
      ON CONFLICT DO NOTHING
  RETURNING payment_id, type, message_id, client, idempotency_key
)
SELECT reversal.*, src, dest, amount_minor, currency, reference, created_at
  FROM reversal
  JOIN payment USING (payment_id, client, idempotency_key)`;

/** What is recorded under these keys, and the payments with these ids; \`created_at\` is always the payment's. */
export const findRecordedSql = `
SELECT event.payment_id, event.type, event.message_id, event.client, event.idempotency_key, event.fingerprint,
       event.src, event.dest, event.amount_minor, event.currency, event.reference, payment.created_at
  FROM (SELECT payment_event.*
          FROM unnest($1::text[], $2::text[]) AS wanted (client, idempotency_key)
          JOIN payment_event USING (client, idempotency_key)
         UNION
        SELECT payment_event.*
          FROM unnest($3::uuid[]) AS wanted (payment_id)
          JOIN payment_event USING (payment_id)) AS event
  JOIN payment_event AS payment ON payment.payment_id = event.payment_id AND payment.type = 'payment.accepted'`;
