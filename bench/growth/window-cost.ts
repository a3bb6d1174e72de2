import type { HeldConnection } from '../../libs/outbox/src/held-connection.js';
import { openWindow, readSlice, takeShard, type Progress } from '../../libs/outbox/src/window.js';
import { fillOutbox } from '../relay/fill-outbox.js';
import { median } from '../rig/numbers.js';
import { asRelay, msOf } from './relay-session.js';
import type { Outbox } from './outbox-with-history.js';

const polls = 200;
const openings = 50;
const takings = 11;

export interface WindowCost {
  /** A look that finds nothing. */
  pollMs: number;
  /** A look that finds one message and opens a window for it, committed. */
  openMs: number;
  /** A shard's newest progress, taken by its next owner. */
  takeMs: number;
}

/** What looking at shard 0 costs, medians. Whatever waited there counts as published afterwards. */
export function windowCost(outbox: Outbox): Promise<WindowCost> {
  return asRelay(outbox, async (connection) => {
    const takeMs = await medianMs(takings, () => takeShard(connection, 0));
    let progress = await closed(connection, await takeShard(connection, 0));
    const pollMs = await medianMs(polls, async () => {
      if ((await openWindow(connection, progress)) !== progress)
        throw new Error('an empty poll found something');
    });
    const opened: number[] = [];
    for (let times = 0; times < openings; times++) {
      await fillOutbox(outbox.client, 1, { shards: 1 });
      opened.push(await msOf(async () => (progress = await openWindow(connection, progress))));
      const found = await readSlice(connection, progress, progress.after_id, 10);
      if (found.length !== 1) throw new Error(`one message waited, but the window holds ${found.length}`);
      progress = await closed(connection, progress);
    }
    return { pollMs, openMs: median(opened), takeMs };
  });
}

/** As if the open window was published. */
export async function closed(connection: HeldConnection, progress: Progress): Promise<Progress> {
  let last = progress;
  do last = await openWindow(connection, last);
  while (last.horizon !== null);
  return last;
}

async function medianMs(times: number, work: () => Promise<unknown>): Promise<number> {
  const took: number[] = [];
  for (let time = 0; time < times; time++) took.push(await msOf(work));
  return median(took);
}
