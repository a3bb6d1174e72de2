import { hash } from 'node:crypto';
import { byteaArray, prepared, textArray, uuidArray } from '@paid-once/service';
import type { EntityManager } from 'typeorm';
import { lookUp } from './look-up.js';

/** What the inbox must know of a message. */
export interface Identified {
  /** A UUID in lower case. */
  messageId: string;
  /** `bodyHash` of it. */
  bodyHash: string;
  /** The run it belongs to, as the message says; anything, even nonsense. */
  run: string | undefined;
}

/** Every message given to `once`, in the order given, in exactly one of these. */
export interface Once<Message> {
  /** Never seen: may take effect, in this transaction. */
  fresh: Message[];
  /** Seen before, with the same body: nothing to do. */
  repeated: Message[];
  /** Seen before, with another body. */
  conflicting: Message[];
  /** Sent before the last reset. */
  otherRun: Message[];
  /** So old that the inbox may have forgotten it. */
  outsideWindow: Message[];
}

/**
 * Lets each message through once: its id is inserted in the caller's transaction, so that it commits with the
 * message's effect or not at all. A concurrent transaction with the same id waits for that one's end.
 */
export async function once<Message extends Identified>(
  tx: EntityManager,
  messages: Message[],
): Promise<Once<Message>> {
  const answer: Once<Message> = { fresh: [], repeated: [], conflicting: [], otherRun: [], outsideWindow: [] };
  const notFresh = await insertIds(tx, messages);
  const others: Message[] = [];
  for (const message of messages) {
    (notFresh.has(message.messageId) ? others : answer.fresh).push(message);
    notFresh.add(message.messageId); // the same id a second time in one batch is not fresh again
  }
  if (others.length === 0) return answer;
  const { runId, hashes } = await lookUp(tx, others);
  for (const message of others) {
    const known = hashes.get(message.messageId);
    if (known) answer[known === message.bodyHash ? 'repeated' : 'conflicting'].push(message);
    else answer[message.run === runId ? 'outsideWindow' : 'otherRun'].push(message);
  }
  return answer;
}

/** SHA-256, in hex: as a Buffer it takes more than twice as long. */
export function bodyHash(body: Buffer): string {
  return hash('sha256', body, 'hex');
}

/** @returns the ids that were not inserted */
// The run is checked inside the statement: a reset's TRUNCATE waits for this insert or this insert for the TRUNCATE, and
// then it reads the new run. Checked before it, a message of the old run could slip in behind the reset.
// Scalar subqueries: of a joined table that was never analysed the planner expects thousands of rows, and compiles the
// statement with JIT, which took 300 ms a batch.
// Sorted: two ledgers that insert the same ids in different orders would deadlock.
export async function insertIds(
  tx: EntityManager,
  messages: Identified[],
  { ofAnyAge = false } = {},
): Promise<Set<string>> {
  const unique = [...new Map(messages.toReversed().map((message) => [message.messageId, message])).values()];
  const rows: { id: string }[] = await prepared(
    tx,
    `WITH inserted AS (
       INSERT INTO inbox_message (message_id, body_hash)
       SELECT message.id, message.hash
         FROM unnest($1::uuid[], $2::bytea[], $3::text[]) AS message (id, hash, run)
        WHERE message.run = (SELECT run_id::text FROM inbox_settings)
          AND ($4::boolean OR message.id >= (SELECT oldest FROM inbox_window))
        ORDER BY message.id
           ON CONFLICT DO NOTHING
       RETURNING message_id
     )
     SELECT id
       FROM unnest($1::uuid[]) AS id
      WHERE id NOT IN (SELECT message_id FROM inserted)`,
    [
      uuidArray(unique.map((m) => m.messageId)),
      byteaArray(unique.map((m) => m.bodyHash)),
      textArray(unique.map((m) => m.run?.replaceAll('\0', ''))),
      ofAnyAge,
    ],
  );
  return new Set(rows.map(({ id }) => id));
}
