import { z } from 'zod';
import type { Requester } from '../requester.js';
import { call } from '../services.js';

/** What is published again: what came in so many seconds, or these payments. */
export type ReplayWhat = { sinceSeconds: number } | { payments: readonly string[] };

const mostPayments = 1_000;

const answer = z.object({
  interventions: z.array(z.string()),
  messages: z.number(),
  /** Of these, what retention had removed from the outbox: it goes out with what is new, beside the interventions. */
  enqueuedAnew: z.number().default(0),
  /** Not published again: dead letters, and what had not been published yet. */
  deadLetters: z.number().default(0),
  pending: z.number().default(0),
  notInHistory: z.array(z.string()).default([]),
});
export type RequestedReplay = z.infer<typeof answer>;

/**
 * Asks the relay to publish messages again, under their own ids; many payments in several requests.
 * @returns what is now under way; `notInHistory`: payments nobody ever accepted
 * @throws CliFailure payments does not answer, or refuses: what was asked for before is done all the same
 */
export async function requestReplay(
  paymentsUrl: string,
  what: ReplayWhat,
  who: Requester,
  signal: AbortSignal,
): Promise<RequestedReplay> {
  const bodies =
    'payments' in what
      ? portionsOf(what.payments).map((payments) => ({ ...who, payments }))
      : [{ ...who, ...what }];
  const sum: RequestedReplay = {
    interventions: [],
    messages: 0,
    enqueuedAnew: 0,
    deadLetters: 0,
    pending: 0,
    notInHistory: [],
  };
  for (const body of bodies) {
    const request = { method: 'POST', path: '/outbox/replays', body, signal } as const;
    const requested = await call('payments', paymentsUrl, request, answer);
    sum.interventions.push(...requested.interventions);
    for (const count of ['messages', 'enqueuedAnew', 'deadLetters', 'pending'] as const)
      sum[count] += requested[count];
    sum.notInHistory.push(...requested.notInHistory);
  }
  return sum;
}

function portionsOf(payments: readonly string[]): string[][] {
  return Array.from({ length: Math.ceil(payments.length / mostPayments) }, (_, index) =>
    payments.slice(index * mostPayments, (index + 1) * mostPayments),
  );
}
