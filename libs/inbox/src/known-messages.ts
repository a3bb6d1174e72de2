import type { EntityManager } from 'typeorm';
import { isDroppedCopy } from './given-up.js';

/** Which of these message ids the inbox remembers. */
export async function arrivedMessages(db: EntityManager, ids: string[]): Promise<string[]> {
  const rows = await db.query<{ message_id: string }[]>(
    'SELECT message_id FROM inbox_message WHERE message_id = ANY($1::uuid[])',
    [ids],
  );
  return rows.map(({ message_id }) => message_id);
}

/**
 * Which of these message ids never came: the inbox does not remember them, and they are not set aside. A damaged copy
 * that was dropped does not count, and a forged one never does. What is older than the inbox's window may have been
 * forgotten: see `inboxWindow`.
 */
export async function unknownMessages(db: EntityManager, ids: string[]): Promise<string[]> {
  const rows = await db.query<{ message_id: string }[]>(
    `SELECT message_id
       FROM unnest($1::uuid[]) AS asked (message_id)
      WHERE NOT EXISTS (SELECT FROM inbox_message AS seen WHERE seen.message_id = asked.message_id)
        AND NOT EXISTS (
            SELECT FROM parked_message AS parked
             WHERE parked.message_id = asked.message_id::text
               AND parked.reason <> 'forged'
               AND NOT ${isDroppedCopy('parked')})
      ORDER BY message_id`,
    [ids],
  );
  return rows.map(({ message_id }) => message_id);
}

/** The smallest message id that the inbox is sure not to have forgotten. */
export async function inboxWindow(db: EntityManager): Promise<{ oldest: string }> {
  const [row] = await db.query<{ oldest: string }[]>('SELECT oldest FROM inbox_window');
  if (row === undefined) throw new Error('Bug: inbox_window is empty; setup has not run');
  return row;
}
