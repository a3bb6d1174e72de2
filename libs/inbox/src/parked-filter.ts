import type { EntityManager } from 'typeorm';

/** Which parked messages are meant. `keys`: what order is kept for; `ids`: those of the parked rows. */
export type ParkedFilter = { all: true } | { reason: string } | { keys: string[] } | { ids: string[] };

/** Who asks for something that no program would decide, and why. */
export interface Requester {
  by: string;
  why: string;
}

/** A condition on `parked_message` whose one parameter is `$1`. */
export function matching(which: ParkedFilter): { condition: string; parameter: unknown } {
  if ('reason' in which) return { condition: 'reason = $1::text', parameter: which.reason };
  if ('keys' in which) return { condition: 'key = ANY($1::text[])', parameter: which.keys };
  if ('ids' in which) return { condition: 'id = ANY($1::bigint[])', parameter: which.ids };
  return { condition: '$1::text IS NULL', parameter: null };
}

/**
 * First of all in a transaction that takes parked messages: a reset empties the inbox first, too, and then it waits for
 * this or this for the reset, never crosswise.
 */
export async function inboxFirst(tx: EntityManager): Promise<void> {
  await tx.query('LOCK TABLE inbox_message IN ACCESS SHARE MODE');
}
