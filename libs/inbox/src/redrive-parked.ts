import { inTransaction, reading, reasonOf } from '@paid-once/service';
import type { DataSource, EntityManager } from 'typeorm';
import { finish, openRedrive, recordTaken } from './interventions.js';
import { park, type Message } from './park.js';
import { inboxFirst, type ParkedFilter, type Requester } from './parked-filter.js';
import { messageColumns, messageOfRow, type ParkedRow } from './parked-row.js';
import { countOf, isMeant, oldestOf, type Candidate } from './redrive-scope.js';
import { SuspiciousTry } from './started-attempts.js';
import { emptyTally, sumTallies, type Tally } from './tally.js';
import { faultOfMessages } from './whose-fault.js';

export interface Redrive {
  which: ParkedFilter;
  who: Requester;
  /** How many parked messages to take in hand at most. */
  limit: number;
  /** Whose messages are no longer forged; null: those that do not say who published them. */
  trusted: readonly (string | null)[];
}

/** How the service handles messages; both in the transaction that takes them out of the parked ones. */
export interface RedriveHandling {
  /** Keeps deliveries of these queues from being handled at the same time. */
  lock: (tx: EntityManager, messages: Pick<Message, 'queue'>[]) => Promise<void>;
  /** As deliveries are handled, but let through by `onceAgain`. */
  handle: (tx: EntityManager, messages: Message[]) => Promise<Tally>;
}

/**
 * Takes the oldest of the parked messages that are meant and tries them again, in one transaction: what takes effect is
 * gone from the parked ones, what cannot is parked again, counted, with the time when it was first seen. Dropped ones
 * are tried only if they are named by their ids, and so is the same message where it lies for another reason; and so are
 * forged ones, unless who published them is trusted by now.
 * Poison is tried alone, after all others, and each start is recorded before: if the process dies of it, nothing is
 * lost, nothing else is undone, and nothing tries it again by itself.
 * @returns what became of them, how many are left of those that were parked when the redrive began, and how many of them
 *          were not tried because they are forged
 * @throws DatabaseUnavailable, OutcomeUnknown asking again is safe
 */
export async function redriveParked(
  database: DataSource,
  redrive: Redrive,
  handling: RedriveHandling,
): Promise<{ intervention: string; tally: Tally; remaining: number; untrusted: number }> {
  const intervention = await inTransaction(database, (tx) => openRedrive(tx, redrive));
  const scope = { which: redrive.which, untilId: intervention.untilId, trusted: redrive.trusted };
  const candidates = await reading(database, (db) => oldestOf(db, scope, redrive.limit));
  const work = { database, handling, intervention: intervention.id, which: redrive.which };
  let tally = await together(
    work,
    candidates.filter(({ reason }) => reason !== 'poison'),
  );
  for (const candidate of candidates.filter(({ reason }) => reason === 'poison'))
    tally = sumTallies(tally, await alone(work, candidate));
  const { remaining, untrusted } = await reading(database, (db) => countOf(db, scope));
  if (remaining === 0) await inTransaction(database, (tx) => finish(tx, intervention.id));
  return { intervention: intervention.id, tally, remaining, untrusted };
}

interface Work {
  database: DataSource;
  handling: RedriveHandling;
  intervention: string;
  which: ParkedFilter;
}

async function together(work: Work, candidates: Candidate[]): Promise<Tally> {
  if (candidates.length === 0) return emptyTally();
  try {
    return await inTransaction(work.database, (tx) => tryAgain(tx, work, candidates, work.handling.handle));
  } catch (error) {
    if (faultOfMessages(error) === undefined) throw error;
  }
  let tally = emptyTally();
  for (const candidate of candidates) tally = sumTallies(tally, await alone(work, candidate));
  return tally;
}

async function alone(work: Work, candidate: Candidate): Promise<Tally> {
  const { message_id: messageId, ...message } = candidate;
  const attempt = new SuspiciousTry(work.database, { ...message, messageId: messageId ?? undefined });
  await attempt.begin();
  const tryOnce = (handle: RedriveHandling['handle']): Promise<Tally> =>
    inTransaction(work.database, async (tx) => {
      const tally = await tryAgain(tx, work, [candidate], handle);
      await attempt.end(tx);
      return tally;
    });
  try {
    return await tryOnce(work.handling.handle).catch((error: unknown) => tryOnce(parkAgain(error)));
  } catch (error) {
    await attempt.takeBack();
    throw error;
  }
}

/** @throws the error itself, if it is not the messages' fault */
function parkAgain(error: unknown): RedriveHandling['handle'] {
  const reason = faultOfMessages(error);
  if (reason === undefined) throw error;
  return async (tx, messages) => {
    const parkings = messages.map((message) => ({ message, reason, detail: reasonOf(error) }));
    return { ...emptyTally(), parked: await park(tx, parkings) };
  };
}

async function tryAgain(
  tx: EntityManager,
  { handling, intervention, which }: Work,
  candidates: Candidate[],
  handle: RedriveHandling['handle'],
): Promise<Tally> {
  await inboxFirst(tx);
  await handling.lock(tx, candidates); // before the rows: whoever handles deliveries takes them in this order
  const rows = await take(tx, candidates, which);
  const tally = await handle(tx, rows.map(messageOfRow));
  await recordTaken(tx, intervention, rows);
  return tally;
}

/** Those that are still there: one may have been released, dropped, or redriven by somebody else. */
async function take(tx: EntityManager, candidates: Candidate[], which: ParkedFilter): Promise<ParkedRow[]> {
  return await tx.query<ParkedRow[]>(
    `WITH taken AS (
       DELETE FROM parked_message
        WHERE id = ANY($1::bigint[])
          AND ${isMeant(which)}
       RETURNING *
     )
     SELECT ${messageColumns}
       FROM taken
      ORDER BY id`,
    [candidates.map(({ id }) => id)],
  );
}
