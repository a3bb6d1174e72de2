import { hash } from 'node:crypto';
import { prepared } from '@paid-once/service';
import type { EntityManager } from 'typeorm';

/** What the inbox must know of a message. */
export interface Identified {
  /** A UUID in lower case. */
  messageId: string;
  bodyHash: Buffer;
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
  const inserted = await insertIds(tx, messages);
  const others: Message[] = [];
  // `delete`: the same id a second time in one batch is not fresh again.
  for (const message of messages) (inserted.delete(message.messageId) ? answer.fresh : others).push(message);
  if (others.length === 0) return answer;
  const { runId, hashes } = await lookUp(tx, others);
  for (const message of others) {
    const known = hashes.get(message.messageId);
    if (known) answer[known.equals(message.bodyHash) ? 'repeated' : 'conflicting'].push(message);
    else answer[message.run === runId ? 'outsideWindow' : 'otherRun'].push(message);
  }
  return answer;
}

export function bodyHash(body: Buffer): Buffer {
  return hash('sha256', body, 'buffer');
}

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
  const rows: { message_id: string }[] = await prepared(
    tx,
    `INSERT INTO inbox_message (message_id, body_hash)
     SELECT message.id, message.hash
       FROM unnest($1::uuid[], $2::bytea[], $3::text[]) AS message (id, hash, run)
      WHERE message.run = (SELECT run_id::text FROM inbox_settings)
        AND ($4::boolean OR message.id >= (SELECT oldest FROM inbox_window))
      ORDER BY message.id
         ON CONFLICT DO NOTHING
     RETURNING message_id`,
    [
      unique.map((m) => m.messageId),
      unique.map((m) => m.bodyHash),
      unique.map((m) => m.run?.replaceAll('\0', '')),
      ofAnyAge,
    ],
  );
  return new Set(rows.map((row) => row.message_id));
}

/** The run that counts, and the body's hash of each of these that the inbox knows. */
// A statement of its own: the insert may have waited for a transaction whose rows its own snapshot does not show.
export async function lookUp(
  tx: EntityManager,
  messages: Pick<Identified, 'messageId'>[],
): Promise<{ runId: string; hashes: Map<string, Buffer> }> {
  const rows: { run_id: string; message_id: string | null; body_hash: Buffer }[] = await tx.query(
    `SELECT run_id, message_id, body_hash
       FROM (SELECT run_id FROM inbox_settings LIMIT 1) AS settings
       LEFT JOIN inbox_message ON message_id = ANY($1::uuid[])`,
    [messages.map((message) => message.messageId)],
  );
  const runId = rows[0]?.run_id;
  if (runId === undefined) throw new Error('Bug: inbox_settings is empty; setup has not run');
  return {
    runId,
    hashes: new Map(rows.flatMap((row) => (row.message_id ? [[row.message_id, row.body_hash]] : []))),
  };
}
