import { z } from 'zod';
import { exitCodes } from '../exit-codes.js';
import { CliFailure } from '../failure.js';
import { counted } from '../output/words.js';
import type { Requester } from '../requester.js';
import { call, Refused } from '../services.js';
import type { SystemUrls } from '../settings.js';
import { deadGroups, deadMessages } from './dead-letters.js';
import type { DeadSide } from './reasons.js';
import { whichText, type Which } from './which.js';

export type PerSide = Record<DeadSide, number>;

/** The most messages of one payment that are counted: it has two events, and each is stuck for a reason or two. */
const ofOnePayment = 200;

/** How many messages are meant on each side, without those that were dropped already. */
export async function countDead(
  urls: Pick<SystemUrls, 'payments' | 'ledger'>,
  which: Which,
  signal: AbortSignal,
): Promise<PerSide> {
  const count: PerSide = { outbox: 0, ledger: 0 };
  if ('payments' in which) {
    const { messages } = await deadMessages(urls, which, { limit: ofOnePayment, signal });
    for (const { side, dropped } of messages) if (dropped === null) count[side]++;
  } else {
    const groups = await deadGroups(urls, { signal });
    for (const group of groups)
      if ('all' in which || group.reason === which.reason) count[group.side] += group.count;
  }
  return count;
}

/**
 * Drops what is meant on both sides: it is kept, with who and why, and never tried again by itself.
 * @param expected how many there are to be in all
 * @throws CliFailure there are more or fewer: nothing was dropped
 */
export async function dropDead(
  urls: Pick<SystemUrls, 'payments' | 'ledger'>,
  which: Which,
  expected: number,
  who: Requester,
  signal: AbortSignal,
): Promise<PerSide> {
  const counted = await countDead(urls, which, signal);
  if (counted.outbox + counted.ledger !== expected) throw countDiffers(which, expected, counted);
  const dropped: PerSide = { outbox: 0, ledger: 0 };
  for (const side of ['outbox', 'ledger'] as const) {
    if (counted[side] === 0) continue;
    try {
      dropped[side] = await dropOn(side, urls, { ...who, ...which, expect: counted[side] }, signal);
    } catch (error) {
      if (error instanceof Refused && error.status === 409)
        throw changedMeanwhile(side, error.happened, dropped);
      throw error instanceof CliFailure && dropped.outbox > 0
        ? droppedInPart(error, dropped.outbox, counted.ledger)
        : error;
    }
  }
  return dropped;
}

const answer = z.object({ dropped: z.number() });

async function dropOn(
  side: DeadSide,
  urls: Pick<SystemUrls, 'payments' | 'ledger'>,
  body: object,
  signal: AbortSignal,
): Promise<number> {
  const { dropped } =
    side === 'outbox'
      ? await call(
          'payments',
          urls.payments,
          { method: 'POST', path: '/outbox/dead-letters/drop', body, signal },
          answer,
        )
      : await call('ledger', urls.ledger, { method: 'POST', path: '/parked/drop', body, signal }, answer);
  return dropped;
}

function countDiffers(which: Which, expected: number, { outbox, ledger }: PerSide): CliFailure {
  return new CliFailure(
    exitCodes.differ,
    `You said ${counted(expected, 'message')}; there ${outbox + ledger === 1 ? 'is' : 'are'} ${outbox + ledger}` +
      `${whichText(which)}: ${outbox} in the outbox, ${ledger} at the ledger.`,
    'Nothing was dropped.',
    'npx paid-once dead list',
  );
}

/** The outbox comes first; its part is done, whatever became of the ledger's. */
function droppedInPart({ exitCode, happened }: CliFailure, atOutbox: number, atLedger: number): CliFailure {
  return new CliFailure(
    exitCode,
    happened,
    `${droppedBefore(atOutbox)}; whether the ledger dropped its ${atLedger} is not known.`,
    `See npx paid-once dead list; if they are still there, drop them with --count ${atLedger}.`,
  );
}

function droppedBefore(atOutbox: number): string {
  return `${counted(atOutbox, 'message')} of the outbox ${atOutbox === 1 ? 'was' : 'were'} dropped before`;
}

function changedMeanwhile(side: DeadSide, happened: string, dropped: PerSide): CliFailure {
  return new CliFailure(
    exitCodes.differ,
    `While this ran the number changed. ${happened}`,
    dropped.outbox === 0
      ? 'Nothing was dropped.'
      : `${droppedBefore(dropped.outbox)}, nothing at the ${side}.`,
    'npx paid-once dead list',
  );
}
