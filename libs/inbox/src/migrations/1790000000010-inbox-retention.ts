import type { MigrationInterface, QueryRunner } from 'typeorm';

export class InboxRetention1790000000010 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE inbox_window ADD COLUMN raised_at timestamptz`);
    // The smallest UUIDv7 of a millisecond: 48 bits of time, then the version and the variant, and no other bit.
    await runner.query(`
      CREATE FUNCTION inbox_uuidv7_floor(at timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
        SELECT (lpad(to_hex(trunc(extract(epoch FROM at) * 1000)::bigint), 12, '0') || '70008000000000000000')::uuid
      $$`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP FUNCTION inbox_uuidv7_floor`);
    await runner.query(`ALTER TABLE inbox_window DROP COLUMN raised_at`);
  }
}
