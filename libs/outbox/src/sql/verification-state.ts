/**
 * How far the arrival of a shard's messages is verified, and whether anything is left to verify: rows that were not
 * visible in the verified base, or older ones that were published again since. Parameters: shard, who repairs.
 */
export const verificationStateSql = `
WITH verified AS (
  SELECT id, base, published_at, verified_at
    FROM outbox_marker
   WHERE shard = $1
     AND verified_at IS NOT NULL
   ORDER BY id DESC
   LIMIT 1
), start AS (
  SELECT coalesce((SELECT base FROM verified), '3:3:') AS base,
         coalesce((SELECT published_at FROM verified), '-infinity') AS published_at
), repaired AS (
  SELECT count(*) FILTER (WHERE finished_at IS NULL) AS open, max(finished_at) AS finished_at
    FROM outbox_intervention
   WHERE shard = $1
     AND kind = 'replay'
     AND requested_by = $2
)
SELECT start.base,
       nullif(start.published_at, '-infinity')::text AS published_at,
       (SELECT verified_at FROM verified) AS verified_at,
       coalesce((SELECT id FROM verified), 0) AS marker_id,
       repaired.open > 0 AS repairing,
       repaired.finished_at::text AS repaired_at,
       (SELECT true
          FROM outbox_message
         WHERE shard = $1
           AND xid >= pg_snapshot_xmax(start.base)
         ORDER BY shard, xid, id
         LIMIT 1) IS NOT NULL
       OR EXISTS (
           SELECT
             FROM (SELECT pg_snapshot_xip(start.base) AS xid) AS late
            CROSS JOIN LATERAL (
                  SELECT xid
                    FROM outbox_message
                   WHERE shard = $1
                     AND outbox_message.xid >= late.xid
                   ORDER BY xid, id
                   LIMIT 1) AS first
            WHERE first.xid = late.xid)
       OR EXISTS (
           SELECT
             FROM outbox_intervention
            WHERE shard = $1
              AND kind <> 'drop'
              AND finished_at > start.published_at) AS has_more
  FROM start
 CROSS JOIN repaired`;
