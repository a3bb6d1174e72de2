import { appendProgress, takeShard } from '../../libs/outbox/src/window.js';
import type { OutboxWithHistory } from './outbox-with-history.js';
import { asRelay } from './relay-session.js';
import { closed, windowCost, type WindowCost } from './window-cost.js';

export interface ProgressMoves {
  moves: number;
  before: WindowCost;
  after: WindowCost;
}

/** Records progress in shard 0 again and again, and looks what that has made of the shard's windows. */
export async function progressMoves(outbox: OutboxWithHistory, moves: number): Promise<ProgressMoves> {
  const before = await windowCost(outbox);
  await asRelay(outbox, async (connection) => {
    let progress = await closed(connection, await takeShard(connection, 0));
    await connection.query('SET synchronous_commit = off'); // of the filling only
    for (let move = 0; move < moves; move++) progress = await appendProgress(connection, progress, []);
  });
  return { moves, before, after: await windowCost(outbox) };
}
