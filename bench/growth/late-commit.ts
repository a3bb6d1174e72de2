import type { Client } from 'pg';
import { openWindow, readSlice, takeShard } from '../../libs/outbox/src/window.js';
import { fillOutbox } from '../relay/fill-outbox.js';
import type { Run } from '../rig/rounds.js';
import type { BenchSystem } from '../rig/system.js';
import { runRelay } from './drain.js';
import type { Outbox } from './outbox-with-history.js';
import { asRelay, msOf } from './relay-session.js';
import { closed } from './window-cost.js';

/**
 * Commits a transaction that has written one row before all the history.
 * @returns what its window takes: opened, read to its end, closed
 */
export async function lateCommitMs(outbox: Outbox, held: Client): Promise<number> {
  return asRelay(outbox, async (connection) => {
    let progress = await closed(connection, await takeShard(connection, 0));
    await held.query('COMMIT');
    return msOf(async () => {
      progress = await openWindow(connection, progress);
      const rows = await readSlice(connection, progress, progress.after_id, 1_000);
      if (rows.length !== 1)
        throw new Error(`the late row was to be found, but the window holds ${rows.length}`);
      await openWindow(connection, progress);
    });
  });
}

/** Drains while such a transaction commits: its row is one more message that must arrive. */
export async function drainBesideLateCommit(
  system: BenchSystem,
  outbox: Outbox,
  held: Client,
  messages: number,
): Promise<Run> {
  await system.clear();
  await fillOutbox(outbox.client, messages);
  await outbox.client.query('VACUUM ANALYZE outbox_message');
  await outbox.client.query('CHECKPOINT');
  const [run] = await Promise.all([
    runRelay(system, outbox, messages + 1),
    untilPublishing(system).then(() => held.query('COMMIT')),
  ]);
  return run;
}

async function untilPublishing(system: BenchSystem): Promise<void> {
  while ((await system.messagesInQueues()) === 0) await new Promise((resolve) => setTimeout(resolve, 100));
}
