import { insertMessagesFrom } from '@paid-once/outbox';

const columns = `payment_id, type, message_id, client, idempotency_key, src, dest, amount_minor, currency, reference`;

/**
 * Says, before the first row is written, how long this transaction may wait for another one that holds a key. For a whole
 * table it waits as long as any statement of its session.
 */
const waitingAtMost = (ms: string) => `(SELECT set_config('lock_timeout', ${ms}::text, true)) IS NOT NULL`;

/** New payments, as the part `event` of a statement. Parameters: one array for each column, then milliseconds to wait. */
export const paymentEvents = `
event AS (
  INSERT INTO payment_event
         (payment_id, type, client, idempotency_key, fingerprint, src, dest, amount_minor, currency, reference)
  SELECT outbox_uuidv7(), 'payment.accepted', client, idempotency_key, fingerprint, src, dest, amount_minor, currency, reference
    FROM unnest($1::text[], $2::text[], $3::bytea[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::text[])
         WITH ORDINALITY AS new (client, idempotency_key, fingerprint, src, dest, amount_minor, currency, reference, position)
   WHERE ${waitingAtMost('$9')}
   ORDER BY position                                       -- the caller's sorting is the order of locking
      ON CONFLICT DO NOTHING
  RETURNING ${columns}, created_at
)`;

/** Reversals of payments that exist and are the client's own, in the same way. `created_at` is the payment's. */
export const reversalEvents = `
payment AS (
  SELECT new.*, payment_id, src, dest, amount_minor, currency, reference, created_at
    FROM unnest($1::text[], $2::text[], $3::bytea[], $4::uuid[])
         WITH ORDINALITY AS new (client, idempotency_key, fingerprint, reverses, position)
    JOIN payment_event ON payment_id = reverses AND type = 'payment.accepted' AND payment_event.client = new.client
), reversal AS (
  INSERT INTO payment_event
         (payment_id, type, client, idempotency_key, fingerprint, src, dest, amount_minor, currency, reference)
  SELECT payment_id, 'payment.reversed', client, idempotency_key, fingerprint, src, dest, amount_minor, currency, reference
    FROM payment
   WHERE ${waitingAtMost('$5')}
   ORDER BY position
      ON CONFLICT DO NOTHING
  RETURNING ${columns}
), event AS (
  SELECT reversal.*, payment.created_at
    FROM reversal
    JOIN payment USING (payment_id, client, idempotency_key)
)`;

// What `messageOf` makes of an event, in SQL: so the outbox row costs no round trip of its own.
export const messages = (headers: string, events = 'event'): string => `
message AS (
  SELECT message_id, type, payment_id::text AS key, ${headers} AS headers,
         format('{"paymentId":"%s","src":"%s","dest":"%s","amountMinor":"%s","currency":"%s","reference":%s}',
                payment_id, src, dest, amount_minor, currency, coalesce(to_json(reference)::text, 'null')) AS payload
    FROM ${events}
), told AS (${insertMessagesFrom('message', 'key')}
  RETURNING shard
)`;

/** The events, each with all the shards that have a row now, for `wakeRelays`. */
export const eventsAndShards = `SELECT *, (SELECT string_agg(DISTINCT shard::text, ',') FROM told) AS shards
  FROM event`;

/** New payments, each with its outbox row: of those whose key is taken nothing is written, and nothing returned. */
export const insertPaymentsSql = `
WITH ${paymentEvents}, ${messages(`'{}'::jsonb`)}
${eventsAndShards}`;

/**
 * Reversals of payments that exist, each with its outbox row. Nothing is written for an unknown payment, one that is
 * reversed already, or a key that is taken.
 */
export const insertReversalsSql = `
WITH ${reversalEvents}, ${messages(`jsonb_build_object('causation', payment_id || '/payment.accepted')`)}
${eventsAndShards}`;

/** What is recorded under these keys, and the payments with these ids; `created_at` is always the payment's. */
export const findRecordedSql = `
SELECT event.payment_id, event.type, event.message_id, event.client, event.idempotency_key,
       encode(event.fingerprint, 'hex') AS fingerprint, event.src, event.dest, event.amount_minor, event.currency,
       event.reference, payment.created_at
  FROM (SELECT payment_event.*
          FROM unnest($1::text[], $2::text[]) AS wanted (client, idempotency_key)
          JOIN payment_event USING (client, idempotency_key)
         UNION
        SELECT payment_event.*
          FROM unnest($3::uuid[]) AS wanted (payment_id)
          JOIN payment_event USING (payment_id)) AS event
  JOIN payment_event AS payment ON payment.payment_id = event.payment_id AND payment.type = 'payment.accepted'`;
