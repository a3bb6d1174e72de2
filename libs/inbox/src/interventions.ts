import type { EntityManager } from 'typeorm';
import { inboxFirst, type ParkedFilter, type Requester } from './parked-filter.js';

interface Request {
  which: ParkedFilter;
  who: Requester;
}

/**
 * The open redrive of the same messages by the same person for the same reason, or a new one: slice by slice, it is one
 * intervention. It ends at the messages that were parked when it began, so that what is parked again meanwhile is not
 * tried again and again.
 */
export async function openRedrive(
  tx: EntityManager,
  { which, who }: Request,
): Promise<{ id: string; untilId: string }> {
  await inboxFirst(tx);
  const values = [who.by, who.why, JSON.stringify(which)];
  const [open] = await tx.query<{ id: string; untilId: string }[]>(
    `SELECT id, until_id AS "untilId"
       FROM parked_intervention
      WHERE finished_at IS NULL
        AND kind = 'redrive'
        AND requested_by = $1
        AND why = $2
        AND which = $3::jsonb
      ORDER BY id DESC
      LIMIT 1`,
    values,
  );
  if (open) return open;
  const [begun] = await tx.query<{ id: string; untilId: string }[]>(
    `INSERT INTO parked_intervention (kind, requested_by, why, which, until_id)
     SELECT 'redrive', $1, $2, $3::jsonb, coalesce(max(id), 0)
       FROM parked_message
     RETURNING id, until_id AS "untilId"`,
    values,
  );
  if (begun) return begun;
  throw new Error('Bug: an INSERT returned nothing');
}

/** In the transaction that has taken them in hand. */
export async function countTaken(tx: EntityManager, intervention: string, messages: number): Promise<void> {
  await tx.query('UPDATE parked_intervention SET messages = messages + $2 WHERE id = $1', [
    intervention,
    messages,
  ]);
}

export async function finish(db: EntityManager, intervention: string): Promise<void> {
  await db.query('UPDATE parked_intervention SET finished_at = clock_timestamp() WHERE id = $1', [
    intervention,
  ]);
}

/** In the transaction of the drop itself. */
export async function recordDrop(
  tx: EntityManager,
  { which, who }: Request,
  messages: number,
): Promise<void> {
  await tx.query(
    `INSERT INTO parked_intervention (kind, requested_by, why, which, until_id, messages, finished_at)
     SELECT 'drop', $1, $2, $3::jsonb, coalesce(max(id), 0), $4, clock_timestamp()
       FROM parked_message`,
    [who.by, who.why, JSON.stringify(which), messages],
  );
}
