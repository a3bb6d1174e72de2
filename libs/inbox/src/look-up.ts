import type { EntityManager } from 'typeorm';
import type { Identified } from './once.js';

/** The run that counts, and the body's hash of each of these that the inbox knows. */
// A statement of its own: the insert may have waited for a transaction whose rows its own snapshot does not show.
export async function lookUp(
  tx: EntityManager,
  messages: Pick<Identified, 'messageId'>[],
): Promise<{ runId: string; hashes: Map<string, string> }> {
  const rows: { run_id: string; message_id: string | null; body_hash: string }[] = await tx.query(
    `SELECT run_id, message_id, encode(body_hash, 'hex') AS body_hash
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
