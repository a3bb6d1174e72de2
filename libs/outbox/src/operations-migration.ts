import type { MigrationInterface, QueryRunner } from 'typeorm';
import { shardCount } from './migration.js';

/** What an operator, or the repair, asks of a shard's owner: markers, replays, redrives, and dropped dead letters. */
export class OutboxOperations implements MigrationInterface {
  readonly name = 'OutboxOperations1790000000003';

  async up(runner: QueryRunner): Promise<void> {
    for (const sql of [markerSql, interventionSql, deadLetterSql]) await runner.query(sql);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE outbox_dead_letter DROP COLUMN dropped_at, DROP COLUMN dropped_by, DROP COLUMN dropped_why;
      DROP TABLE outbox_intervention, outbox_marker`);
  }
}

// base: what was published before the marker was. It is committed before the marker leaves, and never changed.
const markerSql = `
CREATE TABLE outbox_marker (
  id           bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
  set_id       uuid        NOT NULL,
  shard        smallint    NOT NULL,
  message_id   uuid        NOT NULL DEFAULT outbox_uuidv7(),
  requested_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  base         pg_snapshot,
  published_at timestamptz,
  verified_at  timestamptz,
  CONSTRAINT marker_has_its_own_place PRIMARY KEY (id),
  CONSTRAINT set_has_one_marker_per_shard UNIQUE (set_id, shard),
  CONSTRAINT marker_belongs_to_a_shard CHECK (shard >= 0 AND shard < ${shardCount}),
  CONSTRAINT marker_is_published_after_its_base CHECK (published_at IS NULL OR base IS NOT NULL)
);
CREATE INDEX outbox_marker_unpublished ON outbox_marker (shard, id) WHERE published_at IS NULL`;

// after_id is how far it is done; everything above is still to do. Rows are only ever finished, never removed by hand.
const interventionSql = `
CREATE TABLE outbox_intervention (
  id           bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
  kind         text        NOT NULL,
  shard        smallint    NOT NULL,
  requested_by text        NOT NULL,
  why          text        NOT NULL,
  requested_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  from_id      bigint,
  to_id        bigint,
  ids          bigint[],
  after_id     bigint      NOT NULL DEFAULT 0,
  messages     integer     NOT NULL DEFAULT 0,
  failure      text,
  finished_at  timestamptz,
  CONSTRAINT intervention_has_its_own_place PRIMARY KEY (id),
  CONSTRAINT intervention_is_a_replay_redrive_or_drop CHECK (kind IN ('replay', 'redrive', 'drop')),
  CONSTRAINT intervention_belongs_to_a_shard CHECK (shard >= 0 AND shard < ${shardCount}),
  CONSTRAINT intervention_names_a_range_or_messages
       CHECK ((ids IS NULL) <> (from_id IS NULL) AND (from_id IS NULL) = (to_id IS NULL))
);
CREATE INDEX outbox_intervention_unfinished ON outbox_intervention (shard, id) WHERE finished_at IS NULL`;

const deadLetterSql = `
ALTER TABLE outbox_dead_letter
  ADD COLUMN dropped_at  timestamptz,
  ADD COLUMN dropped_by  text,
  ADD COLUMN dropped_why text`;
