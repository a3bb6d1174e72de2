import type { EntityManager } from 'typeorm';
import type { Message } from './park.js';

/**
 * Takes the messages that wait for these events out of the parked ones, oldest first, so that they take effect in the
 * transaction in which the events do.
 */
export async function takeWaiting(tx: EntityManager, events: string[]): Promise<Message[]> {
  if (events.length === 0) return [];
  const rows: Row[] = await tx.query(
    `WITH taken AS (
       DELETE FROM parked_message
        WHERE waits_for = ANY($1::text[])
          AND reason = 'waiting-for'
       RETURNING *
     )
     SELECT message_id, type, queue, content_type, content_encoding, headers, body
       FROM taken
      ORDER BY id`,
    [events],
  );
  return rows.map((row) => ({
    messageId: row.message_id ?? undefined,
    type: row.type ?? undefined,
    queue: row.queue,
    contentType: row.content_type ?? undefined,
    contentEncoding: row.content_encoding ?? undefined,
    headers: row.headers,
    body: row.body,
  }));
}

interface Row {
  message_id: string | null;
  type: string | null;
  queue: string;
  content_type: string | null;
  content_encoding: string | null;
  headers: Record<string, unknown>;
  body: Buffer;
}
