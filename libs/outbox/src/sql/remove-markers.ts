/**
 * Markers of yesterday, except the newest verified one of each shard: its base is what the next verification starts
 * from, and what retention goes by. An unpublished one stays, however old.
 */
export const removeMarkersSql = `
WITH removed AS (
  DELETE FROM outbox_marker AS marker
   WHERE published_at IS NOT NULL
     AND requested_at < clock_timestamp() - interval '1 day'
     AND id IS DISTINCT FROM (
           SELECT max(id)
             FROM outbox_marker AS verified
            WHERE verified.shard = marker.shard
              AND verified.verified_at IS NOT NULL)
  RETURNING id
)
SELECT count(*)::int AS removed
  FROM removed`;
