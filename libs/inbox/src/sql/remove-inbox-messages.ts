/**
 * One portion of what lies below the window. Parameters: message id to start behind, how many, and how many seconds
 * ago the window must have been raised at least.
 *
 * Never below a bound that was raised only just now: an insert that began before that was told the old bound. It may
 * still be waiting to find out that its message is here already, and would take it for a new one once it is gone.
 */
export const removeInboxMessagesSql = `
WITH walked AS MATERIALIZED (
  SELECT message_id
    FROM inbox_message
   WHERE message_id > $1
     AND message_id < (SELECT oldest
                         FROM inbox_window
                        WHERE raised_at < clock_timestamp() - make_interval(secs => $3))
   ORDER BY message_id
   LIMIT $2
), removed AS (
  DELETE FROM inbox_message AS message
   USING walked
   WHERE message.message_id = walked.message_id
  RETURNING message.message_id
)
SELECT (SELECT count(*) FROM removed)::int AS removed,
       count(*)::int AS walked,
       max(message_id::text) AS last                       -- text: no older Postgres knows the largest of some uuids
  FROM walked`;
