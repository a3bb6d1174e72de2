import { paymentEventTypes } from '@paid-once/contracts';
import { nowOf, type Now } from './now.js';
import type { InboxMessage, Known, OutboxMessage } from './what-is-known.js';

/** In the order of a payment's way; what happens in one instant is told in this order. */
export const lifeSteps = [
  'accepted',
  'dead letter',
  'parked',
  'dropped',
  'replay',
  'redrive',
  'published',
  'received',
  'settled',
  'posted',
] as const;

/** One thing that happened to an event of a payment, on its way from POST to transfer. */
export interface Step {
  /** ISO 8601, by the clock of the database that wrote it. */
  at: string;
  /** After the step before; null for the first. Milliseconds. */
  afterMs: number | null;
  what: (typeof lifeSteps)[number];
  detail: string;
  /** Which message; a message that is published again keeps its id. */
  messageId: string | null;
  /** Of what a person did: who, and why. */
  by?: string;
  why?: string;
}

/** What happened to a payment, or to its reversal. */
export interface EventLife {
  type: string;
  messageIds: string[];
  shard: number | null;
  /** How often the ledger met a message of it without posting it. */
  parkedAttempts: number;
  steps: Step[];
  now: Now;
}

/** Every event of a payment with its steps in the order of time. */
export function lifeOf(known: Known): EventLife[] {
  const types = new Set([...known.outbox, ...known.inbox].flatMap(({ type }) => type ?? []));
  if (known.payment) types.add('payment.accepted');
  if (known.payment?.status === 'reversed') types.add('payment.reversed');
  return [...types].toSorted(byPath).map((type) => eventLife(type, known));
}

function eventLife(type: string, { payment, outbox, inbox }: Known): EventLife {
  const sent = outbox.filter((message) => message.type === type);
  const met = inbox.filter((message) => message.type === type);
  const steps = [...sent.flatMap(stepsInOutbox), ...met.flatMap(stepsAtLedger)];
  // Retention removes the outbox row, never the payment.
  if (sent.length === 0 && payment && type === 'payment.accepted')
    steps.push(
      step(payment.createdAt, 'accepted', 'its outbox row is history that retention has removed', null),
    );
  return {
    type,
    messageIds: [...new Set([...sent, ...met].flatMap(({ messageId }) => messageId ?? []))],
    shard: sent[0]?.shard ?? null,
    parkedAttempts: met.flatMap(({ parked }) => parked).reduce((sum, { attempts }) => sum + attempts, 0),
    steps: inOrder(steps),
    now: nowOf(type, sent, met),
  };
}

type Unordered = Omit<Step, 'afterMs'>;

function stepsInOutbox(message: OutboxMessage): Unordered[] {
  const { messageId, createdAt, publishedAt, deadLetter, interventions } = message;
  return [
    step(createdAt, 'accepted', 'payment and outbox row, in one transaction', messageId),
    ...(publishedAt === null
      ? []
      : [step(publishedAt, 'published', 'RabbitMQ’s confirm is on record', messageId)]),
    ...(deadLetter === null ? [] : [diedStep(deadLetter, messageId)]),
    ...droppedSteps(deadLetter, messageId),
    ...interventions.flatMap(({ kind, by, why, requestedAt, finishedAt, failure }) =>
      kind === 'drop'
        ? [] // the dead letter says it itself
        : [
            { ...step(requestedAt, kind, `asked for by ${by}: ${why}`, messageId), by, why },
            ...(finishedAt === null ? [] : [step(finishedAt, kind, failure ?? 'published again', messageId)]),
          ],
    ),
  ];
}

function diedStep(
  { diedAt, reason, detail }: NonNullable<OutboxMessage['deadLetter']>,
  messageId: string,
): Unordered {
  return step(diedAt, 'dead letter', detail === null ? reason : `${reason}: ${detail}`, messageId);
}

function stepsAtLedger({ messageId, receivedAt, postedAt, parked, history }: InboxMessage): Unordered[] {
  return [
    ...(receivedAt === null
      ? []
      : [step(receivedAt, 'received', 'its id is in the ledger’s inbox', messageId)]),
    ...(postedAt === null
      ? []
      : [step(postedAt, 'posted', 'the transfer, in the inbox’s transaction', messageId)]),
    ...parked.flatMap((each) => [
      step(each.firstSeenAt, 'parked', `${each.reason}: ${each.detail}`, messageId),
      ...(each.attempts > 1
        ? [step(each.lastSeenAt, 'parked', `${each.reason}, for the ${each.attempts}th time`, messageId)]
        : []),
      ...droppedSteps(each, messageId),
    ]),
    ...history.map((ended) => endedStep(ended, messageId)),
  ];
}

function endedStep(
  { at, reason, parkedAgain, by, why }: InboxMessage['history'][number],
  messageId: string | null,
): Unordered {
  if (by === null || why === null)
    return step(at, 'settled', `a copy parked as ${reason}: the message itself has come`, messageId);
  const became = parkedAgain === null ? 'not parked any more' : `parked again as ${parkedAgain}`;
  return {
    ...step(at, 'redrive', `at the ledger by ${by}: ${why} (was ${reason}, is ${became})`, messageId),
    by,
    why,
  };
}

type Dropped = Pick<InboxMessage['parked'][number], 'droppedAt' | 'droppedBy' | 'droppedWhy'>;

function droppedSteps(given: Dropped | null, messageId: string | null): Unordered[] {
  if (!given?.droppedAt) return [];
  const [by, why] = [given.droppedBy ?? 'somebody', given.droppedWhy ?? 'no reason said'];
  return [{ ...step(given.droppedAt, 'dropped', `given up by ${by}: ${why}`, messageId), by, why }];
}

function step(at: string, what: Step['what'], detail: string, messageId: string | null): Unordered {
  return { at, what, detail, messageId };
}

function inOrder(steps: Unordered[]): Step[] {
  const sorted = steps.toSorted(
    (a, b) => Date.parse(a.at) - Date.parse(b.at) || lifeSteps.indexOf(a.what) - lifeSteps.indexOf(b.what),
  );
  return sorted.map(({ at, ...rest }, index) => {
    const before = sorted[index - 1];
    return { at, afterMs: before ? Date.parse(at) - Date.parse(before.at) : null, ...rest };
  });
}

function byPath(a: string, b: string): number {
  const rank = (type: string) => (paymentEventTypes as readonly string[]).indexOf(type);
  return rank(a) - rank(b);
}
