import { boundedMessage } from './bounded-message.js';

/** The oldest unfinished intervention of a shard. Parameter: shard. */
export const oldestInterventionSql = `
SELECT id, kind, after_id
  FROM outbox_intervention
 WHERE shard = $1
   AND finished_at IS NULL
 ORDER BY shard, id
 LIMIT 1`;

/**
 * What a replay looks at next, in order of the ids: fewer than asked for when it ends with them. What retention has
 * removed has no message id. \`skipped\`: not published yet, so that only the windows may publish it, or a dead letter.
 * Parameters: the intervention, base of the newest progress, how many.
 */
export const replaySliceSql = `
SELECT wanted.id, message.message_id, message.run_id, message.shard, message.type, message.key, message.created_at,${boundedMessage},
       NOT pg_visible_in_snapshot(message.xid, $2::pg_snapshot)
       OR EXISTS (SELECT FROM outbox_dead_letter AS dead WHERE dead.id = wanted.id) AS skipped
  FROM (
       (SELECT listed.id
          FROM outbox_intervention AS asked
         CROSS JOIN unnest(asked.ids) AS listed (id)
         WHERE asked.id = $1
           AND listed.id > asked.after_id
         ORDER BY listed.id
         LIMIT $3)
       UNION ALL
       (SELECT ranged.id
          FROM outbox_intervention AS asked
         CROSS JOIN LATERAL (
               SELECT id
                 FROM outbox_message
                WHERE shard = asked.shard
                  AND id > asked.after_id
                  AND id <= asked.to_id
                ORDER BY shard, id
                LIMIT $3) AS ranged
         WHERE asked.id = $1)
       ) AS wanted
  LEFT JOIN outbox_message AS message ON message.id = wanted.id
 ORDER BY wanted.id`;

/**
 * The next dead letters of a redrive, in order of their ids. Where one of a key could not be published, it is still
 * there, below after_id: nothing of its key follows. Parameters: the intervention, how many.
 */
export const redriveSliceSql = `
SELECT message.id, message.message_id, message.run_id, message.shard, message.type, message.key, message.created_at,${boundedMessage},
       false AS skipped
  FROM (SELECT dead.id
          FROM outbox_intervention AS asked
         CROSS JOIN LATERAL (
               SELECT DISTINCT key FROM outbox_message WHERE id = ANY (asked.ids)) AS named
          JOIN outbox_dead_letter AS dead ON dead.key = named.key AND dead.id > asked.after_id
         WHERE asked.id = $1
           AND dead.dropped_at IS NULL
           AND NOT EXISTS (SELECT
                             FROM outbox_dead_letter AS failed
                            WHERE failed.key = dead.key
                              AND failed.id <= asked.after_id
                              AND failed.dropped_at IS NULL)
         ORDER BY dead.id
         LIMIT $2) AS next
  JOIN outbox_message AS message ON message.id = next.id
 ORDER BY message.id`;

/**
 * How far an intervention is done: one statement, and nothing of it for a stale owner. What a redrive has published is
 * no dead letter any more; what could not be published has a new reason. Dead letters first: whoever locks these tables
 * does so in this order. Parameters: shard, seq of the newest progress row, the intervention, after_id, how many more were
 * published, what failed or null, whether it is finished, outbox ids redriven, outbox ids that failed, their reasons and details.
 */
export const advanceInterventionSql = `
WITH newest AS (
  SELECT seq FROM outbox_progress WHERE shard = $1 ORDER BY seq DESC LIMIT 1
), redriven AS (
  DELETE FROM outbox_dead_letter AS dead
   USING newest
   WHERE newest.seq = $2
     AND dead.id = ANY ($8::bigint[])
     AND dead.dropped_at IS NULL                           -- a drop stays on record
), renewed AS (
  UPDATE outbox_dead_letter AS dead
     SET reason = failed.reason, detail = failed.detail
    FROM newest
   CROSS JOIN unnest($9::bigint[], $10::text[], $11::text[]) AS failed (id, reason, detail)
   WHERE newest.seq = $2
     AND dead.id = failed.id
), advanced AS (
  UPDATE outbox_intervention AS asked
     SET after_id = $4,
         messages = messages + $5,
         failure = nullif(left(concat_ws('; ', failure, $6::text), 1000), ''),
         finished_at = CASE WHEN $7 THEN clock_timestamp() END
    FROM newest
   WHERE newest.seq = $2
     AND asked.id = $3
     AND asked.finished_at IS NULL
)
SELECT seq = $2 AS ours FROM newest`;
