import type { MigrationInterface, QueryRunner } from 'typeorm';

export class InboxOperations1790000001000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE parked_message
        ADD COLUMN dropped_at  timestamptz,
        ADD COLUMN dropped_by  text,
        ADD COLUMN dropped_why text,
        ADD CONSTRAINT dropped_by_somebody_for_a_reason
          CHECK (num_nonnulls(dropped_at, dropped_by, dropped_why) IN (0, 3))`);
    await runner.query(`CREATE INDEX parked_message_message_id ON parked_message (message_id)`);
    await runner.query(
      `CREATE INDEX parked_message_open ON parked_message (reason, id) WHERE dropped_at IS NULL`,
    );
    await runner.query(`
      ALTER TABLE started_attempt
        ADD COLUMN message_id text,
        ADD COLUMN queue      text`);
    await runner.query(`
      CREATE TABLE parked_intervention (
        id           bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT parked_intervention_pkey PRIMARY KEY,
        kind         text NOT NULL CONSTRAINT intervention_is_known CHECK (kind IN ('redrive', 'drop')),
        requested_by text NOT NULL,
        why          text NOT NULL,
        which        jsonb NOT NULL,
        until_id     bigint NOT NULL,
        messages     integer NOT NULL DEFAULT 0,
        requested_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        finished_at  timestamptz
      )`);
    await runner.query(
      `CREATE INDEX parked_intervention_open ON parked_intervention (id) WHERE finished_at IS NULL`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE parked_intervention`);
    await runner.query(`ALTER TABLE started_attempt DROP COLUMN message_id, DROP COLUMN queue`);
    await runner.query(`DROP INDEX parked_message_message_id, parked_message_open`);
    await runner.query(
      `ALTER TABLE parked_message DROP COLUMN dropped_at, DROP COLUMN dropped_by, DROP COLUMN dropped_why`,
    );
  }
}
