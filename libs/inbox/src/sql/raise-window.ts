/**
 * From now on what is older than this is refused. The bound only ever rises, and not before the last one has settled:
 * what lies below it is removed by a later run. Parameters: minutes that messages are remembered, seconds until a bound
 * has settled.
 */
export const raiseWindowSql = `
UPDATE inbox_window
   SET oldest = greatest(oldest, inbox_uuidv7_floor(clock_timestamp() - make_interval(mins => $1::int))),
       raised_at = clock_timestamp()
 WHERE raised_at IS NULL
    OR raised_at < clock_timestamp() - make_interval(secs => $2)`;
