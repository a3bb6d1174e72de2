import { z } from 'zod';
import { intervention } from '../interventions/interventions.js';
import { call, Refused } from '../services.js';
import type { SystemUrls } from '../settings.js';

const payment = z.object({
  id: z.string(),
  src: z.string(),
  dest: z.string(),
  amount: z.string(),
  currency: z.string(),
  reference: z.string().nullable(),
  status: z.enum(['accepted', 'reversed']),
  createdAt: z.string(),
});
export type Payment = z.infer<typeof payment>;

const dropped = {
  droppedAt: z.string().nullish(),
  droppedBy: z.string().nullish(),
  droppedWhy: z.string().nullish(),
};

const outboxMessage = z.object({
  type: z.string(),
  messageId: z.string(),
  shard: z.number(),
  createdAt: z.string(),
  station: z.enum(['outbox', 'published', 'dead-lettered']),
  /** When the progress behind it was written; null: not yet, or too long ago to know. */
  publishedAt: z.string().nullable(),
  deadLetter: z
    .object({ reason: z.string(), detail: z.string().nullable(), diedAt: z.string(), ...dropped })
    .nullable(),
  interventions: z.array(intervention).default([]),
});
export type OutboxMessage = z.infer<typeof outboxMessage>;

const inboxMessage = z.object({
  type: z.string().nullable(),
  messageId: z.string().nullable(),
  /** Null: it never got into the inbox. */
  receivedAt: z.string().nullable(),
  postedAt: z.string().nullable(),
  parked: z
    .array(
      z.object({
        id: z.string(),
        reason: z.string(),
        detail: z.string(),
        attempts: z.number(),
        firstSeenAt: z.string(),
        lastSeenAt: z.string(),
        ...dropped,
      }),
    )
    .default([]),
  /** How its being parked ended. */
  history: z
    .array(
      z.object({
        at: z.string(),
        reason: z.string(),
        /** Null: it was posted, now or before. */
        parkedAgain: z.string().nullable(),
        /** Null: nobody had to; the message itself came. */
        by: z.string().nullable(),
        why: z.string().nullable(),
      }),
    )
    .default([]),
});
export type InboxMessage = z.infer<typeof inboxMessage>;

/** What both services know of one payment. */
export interface Known {
  /** Undefined: payments never accepted it. */
  payment: Payment | undefined;
  outbox: OutboxMessage[];
  inbox: InboxMessage[];
}

/** @throws CliFailure a side does not answer */
export async function whatIsKnown(
  id: string,
  urls: Pick<SystemUrls, 'payments' | 'ledger'>,
  signal: AbortSignal,
): Promise<Known> {
  const [found, outbox, inbox] = await Promise.all([
    call('payments', urls.payments, { path: `/payments/${id}`, signal }, payment).catch(nothingIfUnknown),
    call(
      'payments',
      urls.payments,
      { path: `/outbox/messages?payment=${id}`, signal },
      z.array(outboxMessage),
    ),
    call('ledger', urls.ledger, { path: `/inbox/messages?payment=${id}`, signal }, z.array(inboxMessage)),
  ]);
  return { payment: found, outbox, inbox };
}

function nothingIfUnknown(error: unknown): undefined {
  if (!(error instanceof Refused) || error.status !== 404) throw error;
}
