import { boundedMessage } from './bounded-message.js';

/**
 * The next rows of a window, in order of their ids: what is visible in its horizon and was not in its base.
 * Parameters: shard, base, horizon, fresh_from, fresh_to, after_id, how many. `dead`: this message, or one of its key
 * before it, is a dead letter; one that was dropped holds back no other.
 *
 * Two branches, each with both its ends, so that the work is proportional to the window: one walk over all ids would pass
 * every published row that is younger than a transaction which was held open. The horizon is in the past by now, so each
 * row is asked whether it is visible in it: no row slips in behind after_id.
 */
export const readSliceSql = `
SELECT message.id, message.message_id, message.run_id, message.shard, message.type, message.key, message.created_at,${boundedMessage},
       (SELECT EXISTS (SELECT FROM outbox_dead_letter))    -- asked once; without any, no row need be asked for
       AND EXISTS (SELECT
                     FROM outbox_dead_letter AS dead
                    WHERE dead.key = message.key
                      AND (dead.id = message.id OR dead.id < message.id AND dead.dropped_at IS NULL)) AS dead
  FROM (
       (SELECT message.*
          FROM pg_snapshot_xip($2::pg_snapshot) AS late (xid)
         CROSS JOIN LATERAL (
               SELECT *
                 FROM outbox_message
                WHERE shard = $1
                  AND (xid, id) > (late.xid, $6)
                  AND xid <= late.xid
                ORDER BY xid, id
                LIMIT $7) AS message
         WHERE pg_visible_in_snapshot(late.xid, $3::pg_snapshot))
       UNION ALL
       (SELECT *
          FROM outbox_message
         WHERE (shard, id) > ($1, greatest($6, $4::bigint - 1))
           AND (shard, id) <= ($1, $5)                     -- else a short window is looked for in all that came since
           AND (xid >= pg_snapshot_xmax($2::pg_snapshot)) IS TRUE  -- "IS TRUE": else the index on xid, and a sort
           AND pg_visible_in_snapshot(xid, $3::pg_snapshot)
         ORDER BY shard, id                                -- "shard": else the primary key, and the rows of all shards
         LIMIT $7)
       ) AS message
 ORDER BY message.id
 LIMIT $7`;
