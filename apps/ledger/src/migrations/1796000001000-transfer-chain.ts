import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Transfers are append-only, and chained: what a statement posts in a shard is one link, a SHA-256 over the link before and
 * the rows. The database does it, whoever inserts: the ledger's role can neither forge a link nor leave one out.
 */
export class TransferChain1796000001000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const sql of [linkSql, lineSql, chainSql, appendOnlySql, genesisSql]) await runner.query(sql);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TRIGGER transfers_are_chained ON transfer;
      DROP TRIGGER transfers_are_append_only ON transfer;
      DROP TRIGGER transfers_are_not_truncated ON transfer;
      DROP TABLE transfer_link;
      DROP FUNCTION chain_transfers, refuse_change, transfer_line`);
  }
}

const linkSql = `
CREATE TABLE transfer_link (
  shard         smallint,
  seq           bigint,
  previous_hash bytea       NOT NULL CONSTRAINT previous_hash_is_one CHECK (octet_length(previous_hash) = 32),
  hash          bytea       NOT NULL CONSTRAINT hash_is_one CHECK (octet_length(hash) = 32),
  transfers     bigint      NOT NULL,
  last_transfer bigint      NOT NULL,
  linked_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT transfer_link_pkey PRIMARY KEY (shard, seq)
)`;

// JSON, because no two different rows are written alike in it.
const lineSql = `
CREATE FUNCTION transfer_line(line transfer) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT json_build_array(line.id, line.payment_id, line.kind, line.occurrence, line.debit_account, line.credit_account,
                          line.amount_minor, line.currency, line.reference, line.message_id, line.shard,
                          extract(epoch FROM line.posted_at))::text
$$`;

// The lock comes last and in the order of the shards: whoever holds one inserts, and waits for nobody.
const chainSql = `
CREATE FUNCTION chain_transfers() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(x'1ed6e8'::int, shard)
     FROM (SELECT DISTINCT shard FROM posted ORDER BY shard) AS touched;
  INSERT INTO transfer_link (shard, seq, previous_hash, hash, transfers, last_transfer)
  SELECT batch.shard, head.seq + 1, head.hash, sha256(head.hash || convert_to(batch.lines, 'UTF8')),
         batch.transfers, batch.last_transfer
    FROM (SELECT shard, string_agg(transfer_line(posted), E'\\n' ORDER BY id) AS lines,
                 count(*) AS transfers, max(id) AS last_transfer
            FROM posted
           GROUP BY shard) AS batch
   CROSS JOIN LATERAL (
         SELECT seq, hash FROM (
           SELECT seq, hash FROM transfer_link WHERE transfer_link.shard = batch.shard ORDER BY seq DESC LIMIT 1) AS newest
          UNION ALL
         SELECT 0, sha256('')
          ORDER BY 1 DESC
          LIMIT 1) AS head;
  RETURN NULL;
END $$;
CREATE TRIGGER transfers_are_chained AFTER INSERT ON transfer
   REFERENCING NEW TABLE AS posted FOR EACH STATEMENT EXECUTE FUNCTION chain_transfers();
REVOKE ALL ON FUNCTION chain_transfers() FROM PUBLIC`;

// The rights of roles are the wall; this stops the owner's mistakes. A superuser can do everything: that is what the chain
// is for.
const appendOnlySql = `
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: a wrong transfer is put right by another one', TG_TABLE_NAME
        USING ERRCODE = 'object_not_in_prerequisite_state';
END $$;
CREATE TRIGGER transfers_are_append_only BEFORE UPDATE OR DELETE ON transfer
   FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER transfers_are_not_truncated BEFORE TRUNCATE ON transfer
   FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER links_are_append_only BEFORE UPDATE OR DELETE ON transfer_link
   FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER links_are_not_truncated BEFORE TRUNCATE ON transfer_link
   FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()`;

// What is older than the chain is counted, and vouched for by nothing: its link's hash is over no row.
const genesisSql = `
INSERT INTO transfer_link (shard, seq, previous_hash, hash, transfers, last_transfer)
SELECT shard, 0, sha256(''), sha256(''), count(*), max(id)
  FROM transfer
 GROUP BY shard`;
