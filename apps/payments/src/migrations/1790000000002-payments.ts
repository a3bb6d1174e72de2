import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Runs after the outbox's own migration, which brings `outbox_uuidv7()`. */
export class Payments1790000000002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE payment_event (
        payment_id      uuid        NOT NULL,
        type            text        NOT NULL COLLATE "C",
        message_id      uuid        NOT NULL DEFAULT outbox_uuidv7(),
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
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE payment_event');
  }
}
