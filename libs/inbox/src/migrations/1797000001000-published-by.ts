import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who published a parked message, for those that are forged until somebody says that this user is meant. */
export class PublishedBy1797000001000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE parked_message ADD COLUMN user_id text`);
    await runner.query(`
      UPDATE parked_message
         SET user_id = substring(detail FROM '^published by (.+)$')
       WHERE reason = 'forged'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE parked_message DROP COLUMN user_id`);
  }
}
