/**
 * A payment and its message, both or neither. Parameters: idempotency key, source, destination.
 * @param wakesInside the relays are told by the same transaction, at its commit
 */
export const insertPaymentSql = ({ wakesInside }: { wakesInside: boolean }) => `
WITH payment AS (
  INSERT INTO payment_event (payment_id, type, client, idempotency_key, fingerprint, src, dest, amount_minor, currency)
  VALUES (outbox_uuidv7(), 'payment.accepted', 'bench', $1, sha256(convert_to($1, 'UTF8')), $2, $3, 100, 'EUR')
  RETURNING payment_id, type, message_id
), message AS (
  INSERT INTO outbox_message (shard, message_id, run_id, type, key, payload)
  SELECT outbox_shard(payment_id::text), message_id, (SELECT run_id FROM outbox_settings), type, payment_id::text,
         json_build_object('paymentId', payment_id, 'src', $2::text, 'dest', $3::text, 'amountMinor', '100',
                           'currency', 'EUR', 'reference', null)::text
    FROM payment
)
SELECT payment_id${wakesInside ? `, pg_notify('outbox_message', '')` : ''}
  FROM payment`;
