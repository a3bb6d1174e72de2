import {
  countDropped,
  once,
  park,
  takeWaiting,
  type Message,
  type Parking,
  type ParkReason,
  type Tally,
} from '@paid-once/inbox';
import { uuidV7TimeMs } from '@paid-once/contracts';
import { faultPoint } from '@paid-once/service';
import type { EntityManager } from 'typeorm';
import { readEvents, type PaymentEvent } from './read-event.js';
import { findTransfers, insertTransfers, isSameTransfer, lockShards } from './transfers.js';

/**
 * Posts what a batch of deliveries says, in the caller's transaction: each payment event becomes one transfer, once.
 * What may not be posted is parked in the same transaction, with its reason. The number of statements does not depend
 * on the size of the batch.
 * @param letThrough `onceAgain` for what was parked
 */
export async function postTransfers(
  tx: EntityManager,
  messages: Message[],
  letThrough = once,
): Promise<Tally> {
  const { events, markers, parkings } = readEvents(messages);
  await lockShards(tx, messages);
  const { fresh, repeated, conflicting, otherRun, outsideWindow } = await letThrough(tx, events);
  if (markers.length > 0) await letThrough(tx, markers); // they have arrived when what came before them has taken effect
  faultPoint('ledger.after-inbox');
  const { ready, waiting } = await awaitPredecessors(tx, fresh);
  const readyNames = ready.map(({ name }) => name);
  const released = readEvents(await takeWaiting(tx, readyNames, fresh));

  await lockShards(tx, othersQueues(released.events, messages));
  const posting = [...ready, ...released.events];
  const wasPosted = await insertTransfers(tx, posting);
  faultPoint('ledger.after-transfer');
  const notPosted = posting.filter(({ messageId }) => wasPosted.has(messageId));
  const posted = posting.filter(({ messageId }) => !wasPosted.has(messageId));
  const { equal, different } = await compareWithPosted(tx, notPosted);

  const parked = await park(tx, [
    ...parkings,
    ...released.parkings,
    ...waiting.map((event) => parking(event, 'waiting-for', 'its predecessor is not posted yet')),
    ...conflicting.map((event) => parking(event, 'conflict', 'this message id came with another body')),
    ...different.map((event) => parking(event, 'conflict', 'this event is posted with other contents')),
    ...otherRun.map((event) => parking(event, 'other-run', 'it was sent before the last reset')),
    ...outsideWindow.map((event) => parking(event, 'outside-dedup-window', 'the inbox forgot its time')),
  ]);
  await countDropped(tx, repeated);
  return {
    done: posted.length,
    since: posted.map(({ messageId }) => uuidV7TimeMs(messageId)),
    repeated: { message: repeated.length, event: equal.length },
    redelivered: repeated.filter(({ message }) => message.redelivered).length,
    parked,
  };
}

/** What waited may be of a shard that nothing else in its batch is of, such as a dead letter that did not say where it died. */
function othersQueues(released: PaymentEvent[], messages: Message[]): Message[] {
  const locked = new Set(messages.map(({ queue }) => queue));
  return released.map(({ message }) => message).filter(({ queue }) => !locked.has(queue));
}

/** Order where it counts: an event whose predecessor is neither posted nor in this batch waits for it. */
async function awaitPredecessors(tx: EntityManager, fresh: PaymentEvent[]) {
  const inBatch = new Set(fresh.map(({ name }) => name));
  const followers = fresh.filter(({ follows }) => follows !== undefined && !inBatch.has(follows));
  const posted = await findTransfers(tx, followers);
  const waiting = new Set(followers.filter(({ follows = '' }) => !posted.has(follows)));
  return { ready: fresh.filter((event) => !waiting.has(event)), waiting: [...waiting] };
}

/** The second line of defence, for ever: the event is posted already, by another message. */
async function compareWithPosted(tx: EntityManager, events: PaymentEvent[]) {
  const posted = await findTransfers(tx, events);
  const isEqual = (event: PaymentEvent) => isSameTransfer(event, posted.get(event.name));
  return { equal: events.filter(isEqual), different: events.filter((event) => !isEqual(event)) };
}

function parking({ message, follows }: PaymentEvent, reason: ParkReason, detail: string): Parking {
  return { message, reason, detail, waitsFor: reason === 'waiting-for' ? follows : undefined };
}
