import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateInbox1764000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE inbox_message (
        message_id  uuid CONSTRAINT inbox_message_pkey PRIMARY KEY,
        body_hash   bytea NOT NULL,
        received_at timestamptz NOT NULL DEFAULT clock_timestamp()
      )`);
    await runner.query(`
      CREATE TABLE inbox_settings (
        only_row boolean DEFAULT true CONSTRAINT inbox_settings_pkey PRIMARY KEY,
        run_id   uuid NOT NULL,
        shards   smallint NOT NULL,
        CONSTRAINT settings_are_one_row CHECK (only_row)
      )`);
    await runner.query(`
      CREATE TABLE inbox_window (
        only_row boolean DEFAULT true CONSTRAINT inbox_window_pkey PRIMARY KEY,
        oldest   uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
        CONSTRAINT window_is_one_row CHECK (only_row)
      )`);
    await runner.query(`INSERT INTO inbox_window DEFAULT VALUES`);
    await runner.query(`
      CREATE TABLE parked_message (
        id               bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT parked_message_pkey PRIMARY KEY,
        fingerprint      bytea NOT NULL,
        message_id       text,
        reason           text NOT NULL,
        detail           text NOT NULL,
        key              text,
        type             text,
        waits_for        text,
        queue            text NOT NULL,
        content_type     text,
        content_encoding text,
        headers          jsonb NOT NULL,
        body             bytea NOT NULL,
        attempts         integer NOT NULL DEFAULT 1,
        first_seen_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
        last_seen_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT one_row_per_parked_message UNIQUE (fingerprint, reason)
      )`);
    await runner.query(`CREATE INDEX parked_message_key ON parked_message (key)`);
    await runner.query(
      `CREATE INDEX parked_message_waits_for ON parked_message (waits_for) WHERE waits_for IS NOT NULL`,
    );
    await runner.query(`
      CREATE TABLE started_attempt (
        fingerprint bytea CONSTRAINT started_attempt_pkey PRIMARY KEY,
        starts      smallint NOT NULL,
        process     uuid NOT NULL,
        started_at  timestamptz NOT NULL DEFAULT clock_timestamp()
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      `DROP TABLE inbox_message, inbox_settings, inbox_window, parked_message, started_attempt`,
    );
  }
}
