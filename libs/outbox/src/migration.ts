import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How many shards there are. A constant of the database: changing it means draining the outbox and the queues first. */
export const shardCount = 4;

/** Tables and functions of the outbox. Constraint names are sentences: a violation reads as one. */
export class Outbox implements MigrationInterface {
  readonly name = 'Outbox1790000000001';

  async up(runner: QueryRunner): Promise<void> {
    for (const sql of [functionsSql, settingsSql, messageSql, progressSql, deadLetterSql])
      await runner.query(sql);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE outbox_dead_letter, outbox_progress, outbox_message, outbox_settings;
      DROP FUNCTION outbox_uuidv7, outbox_shard`);
  }
}

// Each is one expression, because only those are inlined. UUIDv7: 48 bits of milliseconds, the version, 12 bits of the
// millisecond's fraction, then the variant and random bits of a version 4 UUID. The clock is the database's, always.
// The shard comes from SHA-256 and not from hashtext(): it must be the same on every version and platform.
const functionsSql = `
CREATE FUNCTION outbox_uuidv7() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
  SELECT (overlay(lpad(to_hex(trunc(extract(epoch FROM clock_timestamp()) * 4096000)::bigint), 15, '0') PLACING '7' FROM 13 FOR 0)
          || substr(gen_random_uuid()::text, 20))::uuid
$$;

CREATE FUNCTION outbox_shard(key text) RETURNS smallint LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT (get_byte(sha256(convert_to(key, 'UTF8')), 0) % ${shardCount})::smallint
$$`;

// run_id: each row and message carries it, so that what was published before a reset can be told from what came after.
// system_identifier: snapshots mean nothing in another cluster, such as one that a dump was restored into.
const settingsSql = `
CREATE TABLE outbox_settings (
  only_row          boolean  NOT NULL DEFAULT true,
  shards            smallint NOT NULL,
  run_id            uuid     NOT NULL,
  system_identifier text     NOT NULL,
  CONSTRAINT settings_are_one_row PRIMARY KEY (only_row),
  CONSTRAINT settings_have_no_other_row CHECK (only_row)
);
INSERT INTO outbox_settings (shards, run_id, system_identifier)
SELECT ${shardCount}, gen_random_uuid(), system_identifier::text FROM pg_control_system()`;

// Never updated. CACHE 1 is what makes ids causal: with a larger cache each session would hand out its own stock.
const messageSql = `
CREATE TABLE outbox_message (
  id         bigint      NOT NULL GENERATED ALWAYS AS IDENTITY (CACHE 1),
  xid        xid8        NOT NULL DEFAULT pg_current_xact_id(),
  shard      smallint    NOT NULL,
  message_id uuid        NOT NULL DEFAULT outbox_uuidv7(),
  run_id     uuid        NOT NULL,
  type       text        NOT NULL,
  key        text        NOT NULL,
  headers    jsonb       NOT NULL DEFAULT '{}',
  payload    text        NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT message_has_its_own_place PRIMARY KEY (id),
  CONSTRAINT message_belongs_to_a_shard CHECK (shard >= 0 AND shard < ${shardCount})
) WITH (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
CREATE INDEX outbox_message_by_transaction ON outbox_message (shard, xid, id);
CREATE INDEX outbox_message_in_order ON outbox_message (shard, id);
CREATE INDEX outbox_message_by_key ON outbox_message (key, id)`;

// Appended, never updated: the newest row of a shard counts, and the primary key refuses a second writer of a seq.
const progressSql = `
CREATE TABLE outbox_progress (
  shard       smallint    NOT NULL,
  seq         bigint      NOT NULL,
  epoch       bigint      NOT NULL,
  base        pg_snapshot NOT NULL,
  horizon     pg_snapshot,
  fresh_from  bigint,
  after_id    bigint      NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT progress_has_one_writer PRIMARY KEY (shard, seq),
  CONSTRAINT progress_belongs_to_a_shard CHECK (shard >= 0 AND shard < ${shardCount}),
  CONSTRAINT progress_has_fresh_rows_only_in_a_window CHECK (fresh_from IS NULL OR horizon IS NOT NULL)
);
INSERT INTO outbox_progress (shard, seq, epoch, base, after_id)
SELECT shard, 0, 0, '3:3:', 0 FROM generate_series(0, ${shardCount - 1}) AS shard`;

const deadLetterSql = `
CREATE TABLE outbox_dead_letter (
  id         bigint      NOT NULL,
  shard      smallint    NOT NULL,
  key        text        NOT NULL,
  message_id uuid        NOT NULL,
  type       text        NOT NULL,
  reason     text        NOT NULL,
  died_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT message_dies_once PRIMARY KEY (id)
);
CREATE INDEX outbox_dead_letter_by_key ON outbox_dead_letter (key, id)`;
