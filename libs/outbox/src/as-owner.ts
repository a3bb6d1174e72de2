import type { HeldConnection } from './held-connection.js';
import { LostOwnership, type Progress } from './window.js';

/**
 * One statement that counts only as long as this progress is the newest of its shard: it takes shard and seq as its
 * first parameters, changes nothing for a stale owner, and says in `ours` which of the two it was.
 *
 * A stale owner can still win against a statement that takes the shard at this very moment. What it writes then is true
 * all the same, as it tells only of what was confirmed.
 * @throws LostOwnership
 */
export async function asOwner<Row extends { ours: boolean }>(
  connection: HeldConnection,
  { shard, seq }: Progress,
  sql: string,
  parameters: unknown[],
): Promise<Row[]> {
  const rows = await connection.query<Row[]>(sql, [shard, seq, ...parameters]);
  if (!rows[0]?.ours) throw new LostOwnership(shard);
  return rows;
}
