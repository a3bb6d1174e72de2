import type { Pool } from 'pg';

/** One payment of EUR 1 and up. */
export interface Payment {
  paymentId: string;
  src: string;
  dest: string;
  amountMinor: string;
}

/** In the payments' database. The decision is the coordinator's log; the outbox is what goes without it. */
const paymentsTablesSql = `
CREATE TABLE payment (
  payment_id   uuid   NOT NULL,
  src          text   NOT NULL,
  dest         text   NOT NULL,
  amount_minor bigint NOT NULL,
  CONSTRAINT one_payment_per_id PRIMARY KEY (payment_id)
);
CREATE TABLE outbox_message (
  id         bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  payment_id uuid   NOT NULL,
  payload    text   NOT NULL,
  CONSTRAINT message_has_its_own_place PRIMARY KEY (id)
);
CREATE TABLE decision (
  gid        text        NOT NULL,
  decided_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT one_decision_per_transaction PRIMARY KEY (gid)
)`;

/** In the ledger's. Balances are moved by its transfers, so an account's row is what payments meet on. */
const ledgerTablesSql = `
CREATE TABLE transfer (
  payment_id   uuid   NOT NULL,
  debit        text   NOT NULL,
  credit       text   NOT NULL,
  amount_minor bigint NOT NULL,
  CONSTRAINT one_transfer_per_payment PRIMARY KEY (payment_id)
);
CREATE TABLE account (
  name    text   NOT NULL,
  balance bigint NOT NULL,
  CONSTRAINT account_is_one_row PRIMARY KEY (name)
)`;

export async function createTables(payments: Pool, ledger: Pool): Promise<void> {
  await payments.query(paymentsTablesSql);
  await ledger.query(ledgerTablesSql);
}

export const insertPaymentSql = `
INSERT INTO payment (payment_id, src, dest, amount_minor)
VALUES ($1, $2, $3, $4)`;

export const insertMessageSql = `
INSERT INTO outbox_message (payment_id, payload)
VALUES ($1, $2)`;

/** One statement: the transfer, and both accounts, sorted so that two transfers cannot lock them crosswise. */
export const insertTransferSql = `
WITH posted AS (
  INSERT INTO transfer (payment_id, debit, credit, amount_minor)
  VALUES ($1, $2, $3, $4)
  RETURNING debit, credit, amount_minor
)
INSERT INTO account (name, balance)
SELECT name, amount
  FROM posted
 CROSS JOIN LATERAL (VALUES (debit, -amount_minor), (credit, amount_minor)) AS moved (name, amount)
 ORDER BY name
    ON CONFLICT (name) DO UPDATE SET balance = account.balance + excluded.balance`;

export function valuesOf({ paymentId, src, dest, amountMinor }: Payment): string[] {
  return [paymentId, src, dest, amountMinor];
}
