// The tables of the usual habits, simpler than the project's: no fingerprint, no client, no shard; one outbox with a
// partial index for what is not published yet.
import { DataSource, EntitySchema } from 'typeorm';
import { once } from './schema.mjs';

const paymentSql = `
CREATE TABLE payment (
  id              uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
  idempotency_key text        NOT NULL UNIQUE,
  src             text        NOT NULL,
  dest            text        NOT NULL,
  amount_minor    bigint      NOT NULL CHECK (amount_minor > 0),
  currency        text        NOT NULL,
  created_at      timestamptz NOT NULL DEFAULT now()
)`;
const outboxSql = `
CREATE TABLE outbox (
  id           uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
  type         text        NOT NULL,
  key          text        NOT NULL,
  payload      json        NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  published_at timestamptz
);
CREATE INDEX outbox_unpublished ON outbox (created_at) WHERE published_at IS NULL`;

export const makePaymentTable = (databaseUrl) =>
  once(databaseUrl, 'payment', (client) => client.query(paymentSql));

export async function makeUsualTables(databaseUrl) {
  await makePaymentTable(databaseUrl);
  await once(databaseUrl, 'outbox', (client) => client.query(`BEGIN; ${outboxSql}; COMMIT`));
}

export const Payment = new EntitySchema({
  name: 'Payment',
  tableName: 'payment',
  columns: {
    id: { type: 'uuid', primary: true, generated: 'uuid' },
    idempotencyKey: { type: 'text', name: 'idempotency_key' },
    src: { type: 'text' },
    dest: { type: 'text' },
    amountMinor: { type: 'bigint', name: 'amount_minor' },
    currency: { type: 'text' },
    createdAt: { type: 'timestamptz', name: 'created_at', createDate: true },
  },
});

export const OutboxRow = new EntitySchema({
  name: 'OutboxRow',
  tableName: 'outbox',
  columns: {
    id: { type: 'uuid', primary: true, generated: 'uuid' },
    type: { type: 'text' },
    key: { type: 'text' },
    payload: { type: 'json' },
    createdAt: { type: 'timestamptz', name: 'created_at', createDate: true },
    publishedAt: { type: 'timestamptz', name: 'published_at', nullable: true },
  },
});

/** @param poolSize connections; ten, as habits have it */
export function connectTypeOrm(databaseUrl, entities, poolSize = 10) {
  return new DataSource({ type: 'postgres', url: databaseUrl, poolSize, entities }).initialize();
}

/** The columns of a payment as it was asked for. */
export function paymentColumns({ idempotencyKey, src, dest, amountMinor, currency }) {
  return { idempotencyKey, src, dest, amountMinor, currency };
}
