/**
 * The markers that may yet verify a shard, the latest first: not older than the last verified one, and not published
 * before the last repair, which they would find undone. Parameters: shard, id of the last verified marker, when the
 * last repair was finished, how many.
 */
export const openMarkersSql = `
SELECT id, message_id, base, published_at::text AS published_at
  FROM outbox_marker
 WHERE shard = $1
   AND id > $2
   AND verified_at IS NULL
   AND coalesce(published_at > $3, true)                   -- null: not published yet, or nothing was ever repaired
 ORDER BY id DESC
 LIMIT $4`;
