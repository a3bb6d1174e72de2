import type { EntityManager } from 'typeorm';
import type { Reader } from './held-connection.js';
import type { Requested, Requester } from './request-replay.js';
import { redriveLock } from './shard-ownership.js';
import { deadLetterGroupsSql, dropDeadLettersSql, listDeadLettersSql } from './sql/dead-letters.js';
import { requestRedriveSql } from './sql/request-redrive.js';

/** Dead letters that nobody has dropped: all, those with this reason, or those of these keys. */
export type DeadLetterFilter = { all: true } | { reason: string } | { keys: string[] };

/** One slice of a redrive looks up all keys that it was given. */
const keysInOne = 1_000;

/**
 * Asks the shards' owners to publish dead letters under their own message ids: every one of the keys that are chosen,
 * in order, also those that are only behind another. What is published is no dead letter any more; where a message
 * fails again, it and all that follows it of its key stay.
 */
export async function requestRedrive(
  db: Reader,
  which: DeadLetterFilter,
  { by, why }: Requester,
): Promise<Requested> {
  const rows = await db.query<{ id: string; messages: number }[]>(requestRedriveSql, [
    ...parametersOf(which),
    keysInOne,
    by,
    why,
    ...redriveLock,
  ]);
  return {
    interventions: rows.map(({ id }) => id),
    messages: rows.reduce((sum, { messages }) => sum + messages, 0),
  };
}

/**
 * Gives messages up: they are never sent, and hold back the later ones of their key no longer. They stay on record.
 * What an unfinished redrive is to publish cannot be given up, and does not count.
 * @param expected how many the caller has seen: with another number nothing is dropped
 * @returns how many were dropped, or how many there are
 */
export async function dropDeadLetters(
  tx: EntityManager,
  which: DeadLetterFilter,
  expected: number,
  { by, why }: Requester,
): Promise<{ dropped: number } | { counted: number }> {
  // In a statement before, whose end is when the next one's snapshot is taken: that shows every redrive there is.
  await tx.query('SELECT pg_advisory_xact_lock($1, $2)', [...redriveLock]);
  const [row] = await tx.query<{ counted: number; dropped: number }[]>(dropDeadLettersSql, [
    ...parametersOf(which),
    expected,
    by,
    why,
  ]);
  if (!row) throw new Error('Bug: dead letters were not counted');
  return row.counted === expected ? { dropped: row.dropped } : { counted: row.counted };
}

/** Dead letters that died, or are held back, for one reason. */
export interface DeadLetterGroup {
  reason: string;
  type: string;
  count: number;
  firstSeen: Date;
  lastSeen: Date;
  /** The age of the first one, by the database's clock. */
  oldestSeconds: number;
}

/**
 * By reason and type.
 * @param dropped true: those that were dropped; else those that were not
 */
export function deadLetterGroups(db: Reader, { dropped = false } = {}): Promise<DeadLetterGroup[]> {
  return db.query(deadLetterGroupsSql, [dropped]);
}

export interface DeadLetter {
  /** Outbox id. */
  id: string;
  messageId: string;
  key: string;
  type: string;
  shard: number;
  reason: string;
  /** What of this message; null where the reason says it all. */
  detail: string | null;
  diedAt: Date;
  /** Empty, as the payload is, where the message is too big to be read. */
  headers: Record<string, string>;
  payload: string;
  droppedAt: Date | null;
  droppedBy: string | null;
  droppedWhy: string | null;
}

/**
 * Dead letters with their messages, in order of their ids, dropped ones too.
 * @param afterId the last one seen; '0' for the first page
 */
export async function listDeadLetters(
  db: Reader,
  filter: { reason?: string; keys?: string[] },
  afterId: string,
  limit: number,
): Promise<DeadLetter[]> {
  return db.query<DeadLetter[]>(listDeadLettersSql, [
    filter.reason ?? null,
    filter.keys ?? null,
    afterId,
    limit,
  ]);
}

/** The oldest dead letters of these shards that nobody has dropped, by their names alone. */
export function oldestDeadLetters(
  db: Reader,
  shards: number[],
  limit: number,
): Promise<Pick<DeadLetter, 'messageId' | 'key'>[]> {
  return db.query(
    `SELECT message_id AS "messageId", key
       FROM outbox_dead_letter
      WHERE dropped_at IS NULL
        AND shard = ANY ($1)
      ORDER BY id
      LIMIT $2`,
    [shards, limit],
  );
}

function parametersOf(which: DeadLetterFilter): [reason: string | null, keys: string[] | null] {
  return ['reason' in which ? which.reason : null, 'keys' in which ? which.keys : null];
}
