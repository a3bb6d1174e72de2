/**
 * One portion of a rebase: the next rows get a transaction id that is older than every snapshot of any cluster. What a
 * transaction of this cluster has written, and not committed yet, is not seen here and needs it not.
 * Parameters: id to start behind, how many rows.
 */
export const rewriteTransactionIdsSql = `
WITH walked AS MATERIALIZED (
  SELECT id, xid
    FROM outbox_message
   WHERE id > $1
   ORDER BY id
   LIMIT $2
), rewritten AS (
  UPDATE outbox_message AS message
     SET xid = '3'
    FROM walked
   WHERE message.id = walked.id
     AND walked.xid <> '3'
  RETURNING message.id
)
SELECT count(*)::int AS walked, (SELECT count(*) FROM rewritten)::int AS rewritten, max(id) AS last
  FROM walked`;
