import { markPublished, markUnpublished } from '../relay/fill-outbox.js';
import type { BenchSystem } from '../rig/system.js';
import { runRelay } from './drain.js';
import type { OutboxWithHistory } from './outbox-with-history.js';

export interface WaitingBacklog {
  waiting: number;
  published: number;
  peakMb: number;
  perSecond: number;
}

/** How much memory a relay takes while everything in the outbox waits, and it publishes the first part of it. */
export async function waitingBacklog(
  system: BenchSystem,
  outbox: OutboxWithHistory,
  published: number,
): Promise<WaitingBacklog> {
  await system.clear();
  await markUnpublished(outbox.client);
  const waiting = await outbox.rows();
  const { peakMb = NaN, perSecond } = await runRelay(system, outbox, published);
  await markPublished(outbox.client);
  return { waiting, published, peakMb, perSecond };
}
