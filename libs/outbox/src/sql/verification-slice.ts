/**
 * The next messages to verify: visible in the marker's base and not in the verified one. Parameters: shard, verified
 * base, the marker's base, xid and id of the last one read, how many.
 *
 * In order of (xid, id), unlike the slices that are published: to verify, order does not matter, and this one needs no
 * first id and never walks over what is younger than the marker. Each branch has one start in the index: given two lower
 * bounds, a scan may begin at the smaller one each time.
 */
export const verificationSliceSql = `
SELECT slice.xid, slice.id, slice.message_id,
       EXISTS (SELECT FROM outbox_dead_letter AS dead WHERE dead.id = slice.id) AS dead
  FROM (
       (SELECT message.*
          FROM pg_snapshot_xip($2::pg_snapshot) AS late (xid)
         CROSS JOIN LATERAL (
               SELECT xid, id, message_id
                 FROM outbox_message
                WHERE shard = $1
                  AND (xid, id) > (late.xid, CASE WHEN late.xid = $4::xid8 THEN $5::bigint ELSE 0 END)
                  AND xid <= late.xid
                ORDER BY xid, id
                LIMIT $6) AS message
         WHERE late.xid >= $4::xid8
           AND pg_visible_in_snapshot(late.xid, $3::pg_snapshot))
       UNION ALL
       (SELECT xid, id, message_id
          FROM outbox_message
         WHERE shard = $1
           AND (xid, id) > (greatest(pg_snapshot_xmax($2::pg_snapshot), $4::xid8),
                            CASE WHEN $4::xid8 >= pg_snapshot_xmax($2::pg_snapshot) THEN $5::bigint ELSE 0 END)
           AND xid < pg_snapshot_xmax($3::pg_snapshot)
           AND pg_visible_in_snapshot(xid, $3::pg_snapshot)
         ORDER BY xid, id
         LIMIT $6)
       ) AS slice
 ORDER BY slice.xid, slice.id
 LIMIT $6`;
