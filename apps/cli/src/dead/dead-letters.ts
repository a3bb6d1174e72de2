import { z } from 'zod';
import { CliFailure } from '../failure.js';
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
/** That of the outbox first: there money passes first. */
const sides = ['outbox', 'ledger'] as const;

/** Both sides' groups. @throws CliFailure a side does not answer */
export async function deadGroups(urls: Urls, options: AskGroups = {}): Promise<DeadGroup[]> {
  return (await Promise.all(sides.map((side) => groupsOn(side, urls, options)))).flat();
}

/** Messages of both sides. @throws CliFailure a side does not answer */
export async function deadMessages(urls: Urls, which: Which, options: AskMessages): Promise<DeadMessages> {
  return together(await Promise.all(sides.map((side) => messagesOn(side, urls, which, options))));
}

/**
 * What the sides that answer have: one that is away hides nothing of the other.
 * @throws CliFailure neither answers
 */
export async function ofSidesThatAnswer<Answer>(
  ask: (side: DeadSide) => Promise<Answer>,
): Promise<{ answers: Answer[]; unreachable: CliFailure | undefined }> {
  const settled = await Promise.allSettled(sides.map(ask));
  const answers = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const failures = settled.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []));
  const other = failures.find((failure) => !(failure instanceof CliFailure));
  if (other !== undefined || answers.length === 0) throw other ?? failures[0];
  return { answers, unreachable: failures[0] as CliFailure | undefined };
}

interface AskGroups {
  /** Those that were given up, instead of those that are stuck. */
  dropped?: boolean;
  signal?: AbortSignal;
}

/** The groups of one side. @throws CliFailure it does not answer */
export async function groupsOn(
  side: DeadSide,
  urls: Urls,
  { dropped: droppedOnes = false, signal }: AskGroups,
): Promise<DeadGroup[]> {
  const query = droppedOnes ? '?dropped=true' : '';
  const path = `${side === 'outbox' ? '/outbox/dead-letters' : '/parked/groups'}${query}`;
  const [service, url] = serviceOf(side, urls);
  const found = await call(service, url, { path, ...(signal && { signal }) }, groups);
  return found.groups.map((each) => ({ side, ...each }));
}

interface AskMessages {
  /** At most so many of a side. */
  limit: number;
  signal?: AbortSignal;
}

export interface DeadMessages {
  /** Dropped ones too; the oldest first. */
  messages: DeadMessage[];
  more: boolean;
}

/** The messages of one side. @throws CliFailure it does not answer */
export async function messagesOn(
  side: DeadSide,
  urls: Urls,
  which: Which,
  { limit, signal }: AskMessages,
): Promise<DeadMessages> {
  if (side === 'ledger' && !mayBeParked(which)) return { messages: [], more: false };
  const query = queryOf(which);
  query.set('limit', String(limit));
  const [service, url] = serviceOf(side, urls);
  const ask = <Page extends z.ZodType>(path: string, page: Page) =>
    call(service, url, { path, ...(signal && { signal }) }, page);
  if (side === 'outbox') {
    const { items, next } = await ask(`/outbox/dead-letters/messages?${query.toString()}`, outboxPage);
    return { messages: items.map(deadLetter), more: typeof next === 'string' };
  }
  const { items, next } = await ask(`/parked?${query.toString()}&dropped=true`, parkedPage);
  return { messages: items.map(parked), more: typeof next === 'string' };
}

export function together(parts: readonly DeadMessages[]): DeadMessages {
  const messages = parts.flatMap((part) => part.messages);
  return {
    messages: messages.toSorted((a, b) => Date.parse(a.firstSeen) - Date.parse(b.firstSeen)),
    more: parts.some(({ more }) => more),
  };
}

function serviceOf(side: DeadSide, urls: Urls): ['payments' | 'ledger', string] {
  return side === 'outbox' ? ['payments', urls.payments] : ['ledger', urls.ledger];
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
