import type { Comparison } from '@paid-once/compare';
import { waitingFor, waitingIn } from '../dead/redrive.js';
import { droppedIn, isUndecided } from '../output/compare-view.js';
import { counted, money } from '../output/words.js';
import type { Repaired } from './repair-ledgers.js';

/** What a repair did, in words and money. */
export function repairSentences(repaired: Repaired, comparison: Comparison): string[] {
  const { markerArrived, replayed, retried, copied, notInHistory } = repaired;
  const { agree, breaks } = comparison;
  const sentences: string[] = [];
  if (!markerArrived)
    sentences.push(
      'No marker came through, so nothing could be called missing: what is published may still be on its way.',
    );
  if (replayed.count > 0)
    sentences.push(
      `${events(replayed.count)} (${money(replayed.totals)}) ${were(replayed.count)} missing: published again from the outbox’s history.`,
    );
  if (retried.count > 0)
    sentences.push(
      `${events(retried.count)} (${money(retried.totals)}) ${were(retried.count)} parked: the ledger tried again, ${outcomeOf(retried)}.`,
    );
  if (copied.count > 0)
    sentences.push(
      `${events(copied.count)} (${money(copied.totals)}) of them had arrived broken: published again from the outbox’s history.`,
    );
  if (notInHistory.length > 0)
    sentences.push(`Payments never accepted ${notInHistory.join(', ')}: there is nothing to publish.`);
  const dropped = droppedIn(comparison);
  if (dropped.count > 0)
    sentences.push(
      `${events(dropped.count)} (${money(dropped.totals)}) ${were(dropped.count)} given up on purpose: a repair does not undo that.`,
    );
  if (isUndecided(breaks.deadLettered))
    sentences.push('Dead letters are not published by a repair: a person says why it would help now.');
  if (sentences.length === 0)
    sentences.push(agree ? 'There was nothing to repair.' : 'Nothing could be repaired.');
  return sentences;
}

function outcomeOf({ posted, repeated, parkedAgain }: Repaired['retried']): string {
  const waiting = waitingIn({ parkedAgain });
  const again = Object.entries(parkedAgain).filter(([reason, count]) => count > 0 && reason !== waitingFor);
  const parts = [
    `${posted} posted`,
    ...(repeated > 0 ? [`${repeated} had been posted before`] : []),
    ...(waiting > 0
      ? [`${waiting} still ${waiting === 1 ? 'waits for its payment' : 'wait for their payments'}`]
      : []),
    ...again.map(([reason, count]) => `${count} refused again (${reason})`),
  ];
  return parts.join(', ');
}

function events(count: number): string {
  return counted(count, 'event');
}

function were(count: number): string {
  return count === 1 ? 'was' : 'were';
}
