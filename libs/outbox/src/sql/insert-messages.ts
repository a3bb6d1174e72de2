/**
 * One array for each column. The database makes ids, shards, the run and, where none is given, message ids.
 * Rows get their ids in the order of the arrays.
 */
export const insertMessagesSql = `
INSERT INTO outbox_message (shard, message_id, run_id, type, key, headers, payload)
SELECT outbox_shard(new.key), coalesce(new.message_id, outbox_uuidv7()), (SELECT run_id FROM outbox_settings),
       new.type, new.key, new.headers, new.payload
  FROM unnest($1::uuid[], $2::text[], $3::text[], $4::jsonb[], $5::text[])
       WITH ORDINALITY AS new (message_id, type, key, headers, payload, position)
 ORDER BY position`;
