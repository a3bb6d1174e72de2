import type { Reader } from './held-connection.js';
import { openTransactionSql } from './sql/open-transaction.js';

/**
 * How long, at least, the oldest open transaction has been open while messages were written beside it, in seconds; null
 * when none is. Whatever it has written itself is published after its commit, and nobody else waits for that; but it
 * keeps Postgres from cleaning up, and its own messages wait unseen.
 */
export async function openTransactionSeconds(db: Reader): Promise<number | null> {
  const [row] = await db.query<{ seconds: number | null }[]>(openTransactionSql);
  return row?.seconds ?? null;
}
