/** The newest link of each shard. */
export const headsSql = `
SELECT DISTINCT ON (shard) shard, seq, encode(hash, 'hex') AS hash
  FROM transfer_link
 ORDER BY shard, seq DESC`;

/**
 * Some links of a shard, in order, each beside what its transfers make of it now. Between the last transfer of the link
 * before and its own there are in this shard only its own: whoever adds one there changes the hash, too.
 * Parameters: shard, seq to start behind, how many.
 */
export const verifyLinksSql = `
WITH link AS MATERIALIZED (
  SELECT seq, previous_hash, hash, transfers, last_transfer
    FROM transfer_link
   WHERE shard = $1
     AND seq > $2
   ORDER BY seq
   LIMIT $3
)
SELECT link.seq, link.transfers, link.last_transfer,
       link.seq = coalesce(before.seq, 0) + 1 AS follows,
       link.previous_hash = coalesce(before.hash, sha256('')) AS is_chained,
       link.hash = sha256(link.previous_hash || convert_to(coalesce(found.lines, ''), 'UTF8'))
         AND link.transfers = found.transfers AS is_whole
  FROM link
  LEFT JOIN LATERAL (
       SELECT seq, hash, last_transfer
         FROM transfer_link
        WHERE shard = $1
          AND transfer_link.seq < link.seq
        ORDER BY transfer_link.seq DESC
        LIMIT 1) AS before ON true
 CROSS JOIN LATERAL (
       SELECT string_agg(transfer_line(transfer), E'\\n' ORDER BY id) AS lines, count(*) AS transfers
         FROM transfer
        WHERE shard = $1
          AND id > coalesce(before.last_transfer, 0)
          AND id <= link.last_transfer) AS found
 ORDER BY link.seq`;

/** Transfers of a shard that no link is about, because they come after the last one. Parameter: shard. */
export const unlinkedSql = `
SELECT count(*)::int AS transfers
  FROM transfer
 WHERE shard = $1
   AND id > coalesce((SELECT last_transfer FROM transfer_link WHERE shard = $1 ORDER BY seq DESC LIMIT 1), 0)`;
