import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Reasons with sizes and ids in them made a group of each message: what differs is a detail now. */
export class DeadLetterDetail implements MigrationInterface {
  readonly name = 'DeadLetterDetail1790000000004';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE outbox_dead_letter ADD COLUMN detail text`);
    await runner.query(`
      UPDATE outbox_dead_letter
         SET reason = CASE WHEN reason LIKE 'invalid: %' THEN 'invalid'
                           WHEN reason LIKE '%larger than%' THEN 'too-big'
                           ELSE 'unencodable'
                      END,
             detail = regexp_replace(reason, '^invalid: ', '')
       WHERE reason <> 'behind'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      UPDATE outbox_dead_letter
         SET reason = CASE reason WHEN 'invalid' THEN concat_ws(': ', reason, detail) ELSE coalesce(detail, reason) END`);
    await runner.query(`ALTER TABLE outbox_dead_letter DROP COLUMN detail`);
  }
}
