/**
 * Writes a message for each row of `source`, in the order of its column `order`. The database makes ids, shards, the run
 * and, where none is given, message ids. As a part of the statement that writes what the messages are about it costs
 * no round trip; the sort sees to it that ids are given only when all locks of that statement have been waited for.
 * @param source something with the columns message_id, type, key, headers and payload
 */
export const insertMessagesFrom = (source: string, order: string): string => `
  INSERT INTO outbox_message (shard, message_id, run_id, type, key, headers, payload)
  SELECT outbox_shard(key), coalesce(message_id, outbox_uuidv7()), (SELECT run_id FROM outbox_settings), type, key, headers,
         payload
    FROM ${source}
   ORDER BY ${order}`;

/** One array for each column. Rows get their ids in the order of the arrays. */
export const insertMessagesSql = insertMessagesFrom(
  `unnest($1::uuid[], $2::text[], $3::text[], $4::jsonb[], $5::text[])
         WITH ORDINALITY AS new (message_id, type, key, headers, payload, position)`,
  'position',
);
