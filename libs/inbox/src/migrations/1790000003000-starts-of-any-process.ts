import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who began a try last is no longer written; the column stays for the release before, which works beside this one. */
export class StartsOfAnyProcess1790000003000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE started_attempt ALTER COLUMN process DROP NOT NULL`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`UPDATE started_attempt SET process = gen_random_uuid() WHERE process IS NULL`);
    await runner.query(`ALTER TABLE started_attempt ALTER COLUMN process SET NOT NULL`);
  }
}
