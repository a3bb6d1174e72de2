import type { MigrationInterface, QueryRunner } from 'typeorm';

export class StartsOfAnyProcess1790000003000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE started_attempt DROP COLUMN process`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      `ALTER TABLE started_attempt ADD COLUMN process uuid NOT NULL DEFAULT gen_random_uuid()`,
    );
  }
}
