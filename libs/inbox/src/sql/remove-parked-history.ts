/** One portion of what is older than the inbox remembers. Parameters: how many minutes that is, how many rows. */
export const removeParkedHistorySql = `
WITH old AS MATERIALIZED (
  SELECT id
    FROM parked_history
   WHERE ended_at < clock_timestamp() - make_interval(mins => $1::int)
   ORDER BY ended_at
   LIMIT $2
), removed AS (
  DELETE FROM parked_history AS history
   USING old
   WHERE history.id = old.id
  RETURNING history.id
)
SELECT count(*)::int AS removed FROM removed`;
