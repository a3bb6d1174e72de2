import type { Reader } from './held-connection.js';
import type { InterventionKind } from './operations-entities.js';
import {
  findInterventionSql,
  interventionsOfSql,
  listInterventionsSql,
  openInterventionsSql,
} from './sql/interventions.js';

/** What was asked of a shard's owner, and how far it is done. */
export interface Intervention {
  id: string;
  kind: InterventionKind;
  shard: number;
  by: string;
  why: string;
  requestedAt: Date;
  /** Published, or dropped, so far. */
  messages: number;
  /** What could not be done. */
  failure: string | null;
  finishedAt: Date | null;
}

/** The newest ones, newest first. */
export function listInterventions(db: Reader, limit: number): Promise<Intervention[]> {
  return db.query(listInterventionsSql, [limit]);
}

export async function findIntervention(db: Reader, id: string): Promise<Intervention | undefined> {
  const [intervention] = await db.query<Intervention[]>(findInterventionSql, [id]);
  return intervention;
}

/** How many are not finished. */
export async function openInterventions(db: Reader): Promise<number> {
  const [row] = await db.query<{ open: number }[]>(openInterventionsSql);
  return row?.open ?? 0;
}

/** @returns what was asked to be done with the messages of these keys, by message id, oldest first */
export async function interventionsOf(db: Reader, keys: string[]): Promise<Map<string, Intervention[]>> {
  const rows = await db.query<(Intervention & { messageId: string })[]>(interventionsOfSql, [keys]);
  const byMessage = new Map<string, Intervention[]>();
  for (const { messageId, ...intervention } of rows)
    byMessage.set(messageId, [...(byMessage.get(messageId) ?? []), intervention]);
  return byMessage;
}
