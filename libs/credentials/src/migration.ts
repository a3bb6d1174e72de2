import type { MigrationInterface, QueryRunner } from 'typeorm';

export class ApiKeys implements MigrationInterface {
  readonly name = 'ApiKeys1796000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE api_key (
        id          text        CONSTRAINT api_key_pkey PRIMARY KEY,
        client      text        NOT NULL,
        secret_hash bytea       NOT NULL CONSTRAINT secret_is_hashed CHECK (octet_length(secret_hash) = 32),
        scopes      text[]      NOT NULL
                    CONSTRAINT scopes_are_known CHECK (scopes <@ '{pay,read,operate}'::text[] AND scopes <> '{}'::text[]),
        issued_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
        revoked_at  timestamptz
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE api_key');
  }
}
