// The project's own `payment_event` and `outbox_message`: the same columns, constraints and indexes, so that what is
// measured on them differs from the service in how it writes, not in what. Without the functions that make ids, shards
// and the run in the database: these are values from the caller here.
import { hash } from 'node:crypto';
import { paymentAccepted } from './payment-request.mjs';
import { once } from './schema.mjs';
import { uuidV7 } from './uuid-v7.mjs';

const sql = `
CREATE TABLE payment_event (
  payment_id      uuid        NOT NULL,
  type            text        NOT NULL COLLATE "C",
  message_id      uuid        NOT NULL,
  client          text        NOT NULL,
  idempotency_key text        NOT NULL,
  fingerprint     bytea       NOT NULL,
  src             text        NOT NULL,
  dest            text        NOT NULL,
  amount_minor    bigint      NOT NULL,
  currency        text        NOT NULL,
  reference       text,
  created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT one_event_of_a_type_per_payment PRIMARY KEY (payment_id, type),
  CONSTRAINT one_event_per_idempotency_key UNIQUE (client, idempotency_key),
  CONSTRAINT amount_is_positive CHECK (amount_minor > 0),
  CONSTRAINT accounts_differ CHECK (src <> dest),
  CONSTRAINT payment_is_accepted_or_reversed CHECK (type IN ('payment.accepted', 'payment.reversed'))
);
CREATE TABLE outbox_message (
  id         bigint      NOT NULL GENERATED ALWAYS AS IDENTITY (CACHE 1),
  xid        xid8        NOT NULL DEFAULT pg_current_xact_id(),
  shard      smallint    NOT NULL,
  message_id uuid        NOT NULL,
  run_id     uuid        NOT NULL,
  type       text        NOT NULL,
  key        text        NOT NULL,
  headers    jsonb       NOT NULL DEFAULT '{}',
  payload    text        NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT message_has_its_own_place PRIMARY KEY (id),
  CONSTRAINT message_belongs_to_a_shard CHECK (shard >= 0 AND shard < 4)
) WITH (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
CREATE INDEX outbox_message_by_transaction ON outbox_message (shard, xid, id);
CREATE INDEX outbox_message_in_order ON outbox_message (shard, id);
CREATE INDEX outbox_message_by_key ON outbox_message (key, id)`;

export const makeProjectTables = (databaseUrl) =>
  once(databaseUrl, 'payment_event', (client) => client.query(`BEGIN; ${sql}; COMMIT`));

export const client = 'anonymous';
export const runId = uuidV7();

/** What the database would otherwise be asked for. */
export function newEvent(payment) {
  const { src, dest, amountMinor, currency } = payment;
  const paymentId = uuidV7();
  return {
    ...payment,
    paymentId,
    messageId: uuidV7(),
    shard: Number.parseInt(paymentId.at(-1), 16) % 4,
    fingerprint: hash('sha256', `${src}\n${dest}\n${amountMinor}\n${currency}\n`, 'buffer'),
    payload: JSON.stringify(paymentAccepted(payment, paymentId)),
  };
}
