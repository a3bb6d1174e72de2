import { markPublished, markUnpublished } from '../relay/fill-outbox.js';
import { peakMb } from '../rig/cpu.js';
import type { BenchSystem } from '../rig/system.js';
import type { OutboxWithHistory } from './outbox-with-history.js';

export interface WaitingBacklog {
  waiting: number;
  published: number;
  peakMb: number;
}

/** How much memory a relay's process takes while everything in the outbox waits, and it publishes the first part of it. */
export async function waitingBacklog(
  system: BenchSystem,
  outbox: OutboxWithHistory,
  published: number,
): Promise<WaitingBacklog> {
  await system.clear();
  await markUnpublished(outbox.client);
  const waiting = await outbox.rows();
  if (waiting < published) throw new Error(`${waiting} messages wait, fewer than ${published}`);
  const relay = await system.startService('relay', outbox.env);
  try {
    while ((await system.messagesInQueues()) < published) {
      if (relay.pid === undefined) throw new Error('the relay has ended');
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    return { waiting, published: await system.messagesInQueues(), peakMb: peakMb(relay.pid ?? NaN) };
  } finally {
    await relay.stop();
    await markPublished(outbox.client);
    // What its repair has asked for would be published by whatever comes next.
    await outbox.client.query('DELETE FROM outbox_marker WHERE published_at IS NULL');
  }
}
