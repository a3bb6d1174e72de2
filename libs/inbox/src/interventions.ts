import type { EntityManager } from 'typeorm';
import type { ParkedRow } from './parked-row.js';
import { inboxFirst, type ParkedFilter, type Requester } from './parked-filter.js';
import { countOf, type RedriveScope } from './redrive-scope.js';

interface Request {
  which: ParkedFilter;
  who: Requester;
}

/**
 * The open redrive of the same messages by the same person for the same reason, or a new one: slice by slice, it is one
 * intervention. It ends at the messages that were parked when it began, so that what is parked again meanwhile is not
 * tried again and again. One that was interrupted with nothing left to try ends here: it would swallow the next.
 */
export async function openRedrive(
  tx: EntityManager,
  { which, who, trusted }: Request & Pick<RedriveScope, 'trusted'>,
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
  if (open) {
    const { remaining } = await countOf(tx, { which, trusted, untilId: open.untilId });
    if (remaining > 0) return open;
    await finish(tx, open.id);
  }
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

/** Counts what was taken in hand, and keeps what became of each; in the transaction that has tried them again. */
export async function recordTaken(tx: EntityManager, intervention: string, rows: ParkedRow[]): Promise<void> {
  const column = <Name extends keyof ParkedRow>(name: Name) => rows.map((row) => row[name]);
  await tx.query(
    `WITH counted AS (
       UPDATE parked_intervention SET messages = messages + cardinality($2::bytea[]) WHERE id = $1
     )
     INSERT INTO parked_history (intervention_id, message_id, key, type, reason, parked_again)
     SELECT $1, taken.message_id, taken.key, taken.type, taken.reason, again.reason
       FROM unnest($2::bytea[], $3::text[], $4::text[], $5::text[], $6::text[])
            AS taken (fingerprint, message_id, key, type, reason)
       LEFT JOIN LATERAL (
              SELECT reason
                FROM parked_message AS parked
               WHERE parked.fingerprint = taken.fingerprint
                 AND parked.last_seen_at >= transaction_timestamp() -- it may lie there for another reason, untouched
               ORDER BY last_seen_at DESC
               LIMIT 1) AS again ON true`,
    [
      intervention,
      column('fingerprint'),
      column('message_id'),
      column('key'),
      column('type'),
      column('reason'),
    ],
  );
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
