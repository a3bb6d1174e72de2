import type { Comparison } from '@paid-once/compare';
import { counted, money } from '../output/words.js';
import type { Repaired } from './repair-ledgers.js';

/** What a repair did, in words and money. */
export function repairSentences(repaired: Repaired, { agree, breaks }: Comparison): string[] {
  const { markerArrived, replayed, retried, copied, notInHistory } = repaired;
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
  if (breaks.deadLettered.count > 0)
    sentences.push('Dead letters are not published by a repair: a person says why it would help now.');
  if (sentences.length === 0)
    sentences.push(agree ? 'There was nothing to repair.' : 'Nothing could be repaired.');
  return sentences;
}

function outcomeOf({ posted, repeated, parkedAgain }: Repaired['retried']): string {
  const again = Object.entries(parkedAgain).filter(([, count]) => count > 0);
  const parts = [
    `${posted} posted`,
    ...(repeated > 0 ? [`${repeated} had been posted before`] : []),
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
