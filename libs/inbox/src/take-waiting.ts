import type { EntityManager } from 'typeorm';
import { textArray } from '@paid-once/service';
import { isNotGivenUp } from './given-up.js';
import type { Message } from './park.js';
import { messageColumns, messageOfRow, type ParkedRow } from './parked-row.js';

/**
 * Takes the messages that wait for these events out of the parked ones, oldest first, so that they take effect in the
 * transaction in which the events do. Those that somebody dropped stay.
 * @param arrived let through just now: nobody has to decide any more about copies of these that were parked before
 *                (broken, or given up by the broker), so they are removed. What was in conflict has other contents and stays
 */
export async function takeWaiting(
  tx: EntityManager,
  events: string[],
  arrived: { messageId: string }[],
): Promise<Message[]> {
  if (arrived.length === 0 || !(await isAnythingParked(tx))) return [];
  const rows: ParkedRow[] = await tx.query(
    `WITH taken AS (
       DELETE FROM parked_message
        WHERE waits_for = ANY($1::text[])
          AND reason = 'waiting-for'
          AND ${isNotGivenUp}
       RETURNING *
     ), settled AS (
       DELETE FROM parked_message
        WHERE message_id = ANY($2::text[])
          AND reason NOT IN ('waiting-for', 'conflict', 'forged')
          AND dropped_at IS NULL
       RETURNING message_id, key, type, reason
     ), recorded AS (
       INSERT INTO parked_history (message_id, key, type, reason)
       SELECT message_id, key, type, reason
         FROM settled
     )
     SELECT ${messageColumns}
       FROM taken
      ORDER BY id`,
    [textArray(events), textArray(arrived.map(({ messageId }) => messageId))],
  );
  return rows.map(messageOfRow);
}

/** As a rule nothing is: then no names need be sent and looked for. */
async function isAnythingParked(tx: EntityManager): Promise<boolean> {
  const [row] = await tx.query<{ parked: boolean }[]>('SELECT EXISTS (SELECT FROM parked_message) AS parked');
  return row?.parked === true;
}
