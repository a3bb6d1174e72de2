import { z } from 'zod';
import { call } from '../services.js';
import type { SystemUrls } from '../settings.js';
import type { DeadSide } from './reasons.js';
import { mayBeParked, queryOf, type Which } from './which.js';

const group = z.object({
  reason: z.string(),
  type: z.string().nullable(),
  count: z.number(),
  totals: z.record(z.string(), z.string()),
  firstSeen: z.string(),
  lastSeen: z.string(),
  oldestSeconds: z.number(),
});
const groups = z.object({ count: z.number(), groups: z.array(group) });

/** Messages that are stuck on one side for one reason. */
export type DeadGroup = { side: DeadSide } & z.infer<typeof group>;

const dropped = {
  droppedAt: z.string().nullish(),
  droppedBy: z.string().nullish(),
  droppedWhy: z.string().nullish(),
};

const outboxMessage = z.object({
  id: z.string(),
  messageId: z.string(),
  paymentId: z.string(),
  type: z.string(),
  reason: z.string(),
  detail: z.string().nullable(),
  diedAt: z.string(),
  shard: z.number(),
  ...dropped,
});
const outboxPage = z.object({ items: z.array(outboxMessage), next: z.string().nullish() });

const parkedMessage = z.object({
  id: z.string(),
  messageId: z.string().nullable(),
  key: z.string().nullable(),
  type: z.string().nullable(),
  reason: z.string(),
  detail: z.string(),
  attempts: z.number(),
  firstSeenAt: z.string(),
  lastSeenAt: z.string(),
  ...dropped,
});
const parkedPage = z.object({ items: z.array(parkedMessage), next: z.string().nullish() });

/** One message that is stuck, on either side. */
export interface DeadMessage {
  side: DeadSide;
  id: string;
  /** Null for a message that carried none. */
  messageId: string | null;
  paymentId: string | null;
  type: string | null;
  reason: string;
  detail: string | null;
  /** How often it was tried; the relay gives up at once, for what it gives up can never be published. */
  attempts: number;
  firstSeen: string;
  lastSeen: string;
  dropped: { at: string; by: string; why: string } | null;
}

type Urls = Pick<SystemUrls, 'payments' | 'ledger'>;

/** Both sides' groups, the outbox's first: that is where money passes first. @throws CliFailure a side does not answer */
export async function deadGroups(
  urls: Urls,
  { dropped: droppedOnes = false, signal }: { dropped?: boolean; signal?: AbortSignal } = {},
): Promise<DeadGroup[]> {
  const query = droppedOnes ? '?dropped=true' : '';
  const both = await Promise.all([
    call(
      'payments',
      urls.payments,
      { path: `/outbox/dead-letters${query}`, ...(signal && { signal }) },
      groups,
    ),
    call('ledger', urls.ledger, { path: `/parked/groups${query}`, ...(signal && { signal }) }, groups),
  ]);
  return both.flatMap(({ groups: found }, index) =>
    found.map((each) => ({ side: (['outbox', 'ledger'] as const)[index] ?? 'ledger', ...each })),
  );
}

/** At most `limit` messages of each side, dropped ones too; the oldest of them first. @throws CliFailure a side does not answer */
export async function deadMessages(
  urls: Urls,
  which: Which,
  { limit, signal }: { limit: number; signal?: AbortSignal },
): Promise<{ messages: DeadMessage[]; more: boolean }> {
  const query = queryOf(which);
  query.set('limit', String(limit));
  const [inOutbox, inLedger] = await Promise.all([
    call(
      'payments',
      urls.payments,
      { path: `/outbox/dead-letters/messages?${query.toString()}`, ...(signal && { signal }) },
      outboxPage,
    ),
    mayBeParked(which)
      ? call(
          'ledger',
          urls.ledger,
          { path: `/parked?${query.toString()}&dropped=true`, ...(signal && { signal }) },
          parkedPage,
        )
      : { items: [], next: null },
  ]);
  const messages = [...inOutbox.items.map(deadLetter), ...inLedger.items.map(parked)];
  return {
    messages: messages.toSorted((a, b) => Date.parse(a.firstSeen) - Date.parse(b.firstSeen)),
    more: [inOutbox.next, inLedger.next].some((next) => typeof next === 'string'),
  };
}

function deadLetter(item: z.infer<typeof outboxMessage>): DeadMessage {
  const { id, messageId, paymentId, type, reason, detail, diedAt } = item;
  return {
    side: 'outbox',
    id,
    messageId,
    paymentId,
    type,
    reason,
    detail,
    attempts: 1,
    firstSeen: diedAt,
    lastSeen: diedAt,
    dropped: droppedOf(item),
  };
}

function parked(item: z.infer<typeof parkedMessage>): DeadMessage {
  const { id, messageId, key, type, reason, detail, attempts, firstSeenAt, lastSeenAt } = item;
  return {
    side: 'ledger',
    id,
    messageId,
    paymentId: key,
    type,
    reason,
    detail,
    attempts,
    firstSeen: firstSeenAt,
    lastSeen: lastSeenAt,
    dropped: droppedOf(item),
  };
}

interface Dropped {
  droppedAt?: string | null | undefined;
  droppedBy?: string | null | undefined;
  droppedWhy?: string | null | undefined;
}

function droppedOf({ droppedAt, droppedBy, droppedWhy }: Dropped): DeadMessage['dropped'] {
  return droppedAt ? { at: droppedAt, by: droppedBy ?? '', why: droppedWhy ?? '' } : null;
}
