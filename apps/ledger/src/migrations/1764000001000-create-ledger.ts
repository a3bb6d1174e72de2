import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateLedger1764000001000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE transfer (
        id             bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT transfer_pkey PRIMARY KEY,
        payment_id     uuid NOT NULL,
        kind           text NOT NULL CONSTRAINT kind_is_known CHECK (kind IN ('payment', 'reversal')),
        occurrence     smallint NOT NULL DEFAULT 0,
        debit_account  text NOT NULL,
        credit_account text NOT NULL,
        amount_minor   bigint NOT NULL CONSTRAINT amount_is_positive CHECK (amount_minor > 0),
        currency       text NOT NULL,
        reference      text,
        message_id     uuid NOT NULL,
        shard          smallint NOT NULL,
        previous_hash  bytea,
        hash           bytea,
        posted_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT one_posting_per_payment_event UNIQUE (payment_id, kind, occurrence),
        CONSTRAINT accounts_differ CHECK (debit_account <> credit_account)
      )`);
    await runner.query(`
      CREATE TABLE account (
        name           text,
        currency       text,
        debits_posted  numeric(38, 0) NOT NULL,
        credits_posted numeric(38, 0) NOT NULL,
        CONSTRAINT account_pkey PRIMARY KEY (name, currency)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE transfer, account`);
  }
}
