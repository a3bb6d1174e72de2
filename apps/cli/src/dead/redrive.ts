import { pause } from '@paid-once/service/basics';
import { z } from 'zod';
import type { Requester } from '../requester.js';
import { call } from '../services.js';
import { mayBeParked, type Which } from './which.js';

/** The most that the ledger takes in one transaction. */
const largestPortion = 500;

/** Of a full portion each may be tried in transactions of its own, in milliseconds. */
const portionMs = 120_000;

/** The ledger's reason for a reversal whose payment is not posted yet: it is posted with that. */
export const waitingFor = 'waiting-for';

const requested = z.object({ interventions: z.array(z.string()), messages: z.number() });

/** Asks the relay to publish these dead letters. @returns what is now under way there */
export function requestRedrive(
  paymentsUrl: string,
  which: Which,
  who: Requester,
  signal: AbortSignal,
): Promise<z.infer<typeof requested>> {
  const request = {
    method: 'POST',
    path: '/outbox/dead-letters/redrive',
    body: { ...who, ...which },
    signal,
  } as const;
  return call('payments', paymentsUrl, request, requested);
}

const portion = z.object({
  redriven: z.object({
    posted: z.number(),
    repeated: z.number(),
    parkedAgain: z.record(z.string(), z.number()),
  }),
  remaining: z.number(),
  untrusted: z.number().default(0), // the release before has none
});

/** What became of parked messages that the ledger tried again. */
export type Redriven = z.infer<typeof portion>['redriven'] & {
  /** Forged ones that were not tried: the ledger trusts none of those who published them. */
  untrusted: number;
};

/**
 * Lets the ledger try its parked messages again, oldest first, in portions of one transaction each.
 * @param rate at most so many messages a second
 * @throws CliFailure the ledger did not answer: what came before is done, and may be asked for again
 */
export async function redriveParked(
  ledgerUrl: string,
  which: Which,
  who: Requester,
  options: { rate: number; onPortion: (done: number, remaining: number) => void; signal: AbortSignal },
): Promise<Redriven> {
  const { rate, onPortion, signal } = options;
  const limit = Math.min(rate, largestPortion);
  const sum: Redriven = { posted: 0, repeated: 0, parkedAgain: {}, untrusted: 0 };
  while (mayBeParked(which)) {
    const startedAt = performance.now();
    const request = {
      method: 'POST',
      path: '/parked/redrive',
      body: { ...who, ...which, limit },
      signal,
      answerMs: portionMs,
    } as const;
    const { redriven, remaining, untrusted } = await call('ledger', ledgerUrl, request, portion);
    const now = triedIn(redriven);
    add(sum, redriven);
    sum.untrusted = untrusted;
    onPortion(triedIn(sum), remaining);
    if (remaining === 0 || now === 0) return sum;
    await pause(Math.max(0, (now / rate) * 1_000 - (performance.now() - startedAt)), signal);
    signal.throwIfAborted();
  }
  return sum;
}

/** All that were tried. */
export function triedIn({ posted, repeated, parkedAgain }: Omit<Redriven, 'untrusted'>): number {
  return posted + repeated + stuckAgainIn({ parkedAgain }) + waitingIn({ parkedAgain });
}

/** What a person must look at. */
export function stuckAgainIn({ parkedAgain }: Pick<Redriven, 'parkedAgain'>): number {
  const stuck = Object.entries(parkedAgain).filter(([reason]) => reason !== waitingFor);
  return stuck.reduce((sum, [, count]) => sum + count, 0);
}

/** What is posted as soon as its payment is. */
export function waitingIn({ parkedAgain }: Pick<Redriven, 'parkedAgain'>): number {
  return parkedAgain[waitingFor] ?? 0;
}

function add(sum: Redriven, { posted, repeated, parkedAgain }: Omit<Redriven, 'untrusted'>): void {
  sum.posted += posted;
  sum.repeated += repeated;
  for (const [reason, count] of Object.entries(parkedAgain))
    sum.parkedAgain[reason] = (sum.parkedAgain[reason] ?? 0) + count;
}
