/** Whether the snapshots in the progress were taken by this server, and whether it may be asked for more. */
export const checkServerSql = `
SELECT settings.system_identifier AS expected,
       control.system_identifier::text AS actual,
       pg_is_in_recovery() AS standby,
       current_setting('synchronous_commit') AS synchronous_commit,
       EXISTS (SELECT
                 FROM generate_series(0, settings.shards - 1) AS shards (shard)
                CROSS JOIN LATERAL (
                      SELECT coalesce(horizon, base) AS seen
                        FROM outbox_progress AS progress
                       WHERE progress.shard = shards.shard
                       ORDER BY seq DESC
                       LIMIT 1) AS newest
                WHERE pg_snapshot_xmax(seen) > pg_snapshot_xmax(pg_current_snapshot())) AS ahead
  FROM outbox_settings AS settings
 CROSS JOIN pg_control_system() AS control`;
