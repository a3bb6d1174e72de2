import type { EntityManager } from 'typeorm';
import type { Message } from './park.js';
import { messageColumns, messageOfRow, type ParkedRow } from './parked-row.js';

/**
 * Takes the messages that wait for these events out of the parked ones, oldest first, so that they take effect in the
 * transaction in which the events do. Those that somebody dropped stay.
 */
export async function takeWaiting(tx: EntityManager, events: string[]): Promise<Message[]> {
  if (events.length === 0) return [];
  const rows: ParkedRow[] = await tx.query(
    `WITH taken AS (
       DELETE FROM parked_message
        WHERE waits_for = ANY($1::text[])
          AND reason = 'waiting-for'
          AND dropped_at IS NULL
       RETURNING *
     )
     SELECT ${messageColumns}
       FROM taken
      ORDER BY id`,
    [events],
  );
  return rows.map(messageOfRow);
}
