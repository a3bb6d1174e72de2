import { RelayPass } from '../../libs/outbox/src/relay-pass.js';
import { openWindow, takeShard } from '../../libs/outbox/src/window.js';
import { median } from '../rig/numbers.js';
import { holdRows } from './held-open.js';
import type { OutboxWithHistory } from './outbox-with-history.js';
import { asRelay, msOf } from './relay-session.js';
import { closed } from './window-cost.js';

const polls = 20;
const watchedMs = 3_000;

export interface UncommittedRows {
  rows: number;
  pollMs: number;
  /** How long the relay waits from one look to the next, when it is woken all the time. */
  betweenPollsMs: number;
  /** How much of its time it looks. */
  pollingShare: number;
}

/** Looking at a shard in which one open transaction has written many rows. It is rolled back. */
export async function uncommittedRows(outbox: OutboxWithHistory, rows: number): Promise<UncommittedRows> {
  const session = await outbox.session();
  await holdRows(session, rows);
  const measured = await asRelay(outbox, async (connection, database) => {
    const progress = await closed(connection, await takeShard(connection, 0));
    const took: number[] = [];
    for (let times = 0; times < polls; times++) took.push(await msOf(() => openWindow(connection, progress)));
    const pass = new RelayPass({
      database,
      shard: 0,
      sliceSize: 1_000,
      publish: () => Promise.reject(new Error('Bug: nothing was committed')),
      mayGoOn: () => true,
    });
    const startedAt = performance.now();
    let passes = 0;
    for (; performance.now() - startedAt < watchedMs; passes++) {
      const outcome = await pass.run();
      if (outcome.kind !== 'drained') throw new Error(`the pass ended with ${outcome.kind}`);
    }
    const betweenPollsMs = (performance.now() - startedAt) / passes;
    await pass.abandon();
    return { pollMs: median(took), betweenPollsMs, pollingShare: median(took) / betweenPollsMs };
  });
  await session.query('ROLLBACK');
  return { rows, ...measured };
}
