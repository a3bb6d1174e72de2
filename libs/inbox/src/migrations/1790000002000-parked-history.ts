import type { MigrationInterface, QueryRunner } from 'typeorm';

export class ParkedHistory1790000002000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE parked_history (
        id              bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT parked_history_pkey PRIMARY KEY,
        intervention_id bigint CONSTRAINT intervention_is_on_record REFERENCES parked_intervention (id),
        message_id      text,
        key             text,
        type            text,
        reason          text NOT NULL,
        parked_again    text,
        ended_at        timestamptz NOT NULL DEFAULT clock_timestamp()
      )`);
    await runner.query(`CREATE INDEX parked_history_key ON parked_history (key)`);
    await runner.query(`CREATE INDEX parked_history_ended_at ON parked_history (ended_at)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE parked_history`);
  }
}
