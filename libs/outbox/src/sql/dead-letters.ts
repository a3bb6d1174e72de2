import { boundedContents } from './bounded-message.js';

/**
 * Drops dead letters, and keeps who did and why, if there are as many as expected. One whose key is being redriven may
 * be under way to the broker at this moment: it cannot be given up any more, and does not count.
 * Parameters: reason or null, keys or null, how many are expected, who, why.
 */
export const dropDeadLettersSql = `
WITH redriven AS MATERIALIZED (
  SELECT named.key
    FROM outbox_intervention AS redrive
    JOIN outbox_message AS named ON named.id = ANY (redrive.ids)
   WHERE redrive.kind = 'redrive'
     AND redrive.finished_at IS NULL
), chosen AS (
  SELECT id
    FROM outbox_dead_letter
   WHERE dropped_at IS NULL
     AND ($1::text IS NULL OR reason = $1)
     AND ($2::text[] IS NULL OR key = ANY ($2))
     AND key NOT IN (SELECT key FROM redriven)
   ORDER BY id
     FOR UPDATE                                            -- else a redrive could take one away after it was counted
), dropped AS (
  UPDATE outbox_dead_letter AS dead
     SET dropped_at = clock_timestamp(), dropped_by = $4, dropped_why = $5
    FROM chosen
   WHERE dead.id = chosen.id
     AND (SELECT count(*) FROM chosen) = $3
  RETURNING dead.id, dead.shard
), recorded AS (
  INSERT INTO outbox_intervention (kind, shard, requested_by, why, ids, messages, finished_at)
  SELECT 'drop', shard, $4, $5, array_agg(id ORDER BY id), count(*), clock_timestamp()
    FROM dropped
   GROUP BY shard
   ORDER BY shard
)
SELECT (SELECT count(*) FROM chosen)::int AS counted, (SELECT count(*) FROM dropped)::int AS dropped`;

/** By reason and type. Parameter: those that were dropped, or the others. */
export const deadLetterGroupsSql = `
SELECT reason, type, count(*)::int AS count, min(died_at) AS "firstSeen", max(died_at) AS "lastSeen",
       extract(epoch FROM clock_timestamp() - min(died_at))::float AS "oldestSeconds"
  FROM outbox_dead_letter
 WHERE (dropped_at IS NOT NULL) = $1
 GROUP BY reason, type
 ORDER BY count(*) DESC, reason, type`;

/** A page of dead letters. Parameters: reason or null, keys or null, the last id seen, how many. */
export const listDeadLettersSql = `
SELECT dead.id, dead.message_id AS "messageId", dead.key, dead.type, dead.shard, dead.reason, dead.detail,
       dead.died_at AS "diedAt",${boundedContents},
       dead.dropped_at AS "droppedAt", dead.dropped_by AS "droppedBy", dead.dropped_why AS "droppedWhy"
  FROM outbox_dead_letter AS dead
  JOIN outbox_message AS message ON message.id = dead.id
 WHERE ($1::text IS NULL OR dead.reason = $1)
   AND ($2::text[] IS NULL OR dead.key = ANY ($2))
   AND dead.id > $3
 ORDER BY dead.id
 LIMIT $4`;
