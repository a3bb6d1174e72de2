import { once } from './schema.mjs';

const sql = `
CREATE TABLE transfer (
  payment_id     uuid        PRIMARY KEY,
  debit_account  text        NOT NULL,
  credit_account text        NOT NULL,
  amount_minor   bigint      NOT NULL CHECK (amount_minor > 0),
  currency       text        NOT NULL,
  posted_at      timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE account (
  name          text   PRIMARY KEY,
  balance_minor bigint NOT NULL
)`;

export const makeLedgerTables = (databaseUrl) =>
  once(databaseUrl, 'transfer', (client) => client.query(`BEGIN; ${sql}; COMMIT`));

/**
 * The transfer, and the balances of its two accounts. In the order of their names: two transfers between the same
 * accounts would otherwise deadlock.
 * @param query runs a statement in the transaction of the caller
 */
export async function postTransfer(query, { paymentId, src, dest, amountMinor, currency }) {
  await query(
    `INSERT INTO transfer (payment_id, debit_account, credit_account, amount_minor, currency) VALUES ($1, $2, $3, $4, $5)`,
    [paymentId, src, dest, amountMinor, currency],
  );
  const changes = [
    { account: src, change: `-${amountMinor}` },
    { account: dest, change: amountMinor },
  ].sort((a, b) => (a.account < b.account ? -1 : 1));
  for (const { account, change } of changes)
    await query(
      `INSERT INTO account (name, balance_minor) VALUES ($1, $2)
       ON CONFLICT (name) DO UPDATE SET balance_minor = account.balance_minor + excluded.balance_minor`,
      [account, change],
    );
}
