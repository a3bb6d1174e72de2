import { parseAmount } from '@paid-once/contracts';
import type { Evidence } from '../evidence.js';
import type { Attempt, Intent } from '../intents.js';

/** What is always so. Each is a promise of docs/guarantees.md. */
export const invariants = {
  I1: 'nothing that was accepted is lost',
  I2: 'nothing is posted twice',
  I3: 'nothing is posted that was not accepted, and each with its own amount and accounts',
  I4: 'every account, and every currency, adds up',
  I5: 'what was answered stays so: one key, one payment',
  I6: 'a reversal comes after its payment',
  I7: 'all has caught up a minute after the last fault',
  I8: 'memory, files and log lines are bounded',
  I9: 'a fault is seen while it lasts, and no process ends by itself',
  I10: 'what is posted never changes',
  I11: 'no answer and no log holds a secret, a stack or a statement',
} as const;
export type Invariant = keyof typeof invariants;

export interface Violation {
  invariant: Invariant;
  what: string;
}

/** All of one invariant; more than ten of a kind say no more than ten. */
export function violations(invariant: Invariant, found: readonly string[]): Violation[] {
  const shown = found.slice(0, 10);
  const more = found.length > shown.length ? [`… and ${found.length - shown.length} more`] : [];
  return [...shown, ...more].map((what) => ({ invariant, what }));
}

export function lostOrStuck(
  intents: ReadonlyMap<string, Intent>,
  { events, transfers, parked, deadLetters }: Evidence,
): string[] {
  const posted = new Set(transfers.map(({ message_id }) => message_id));
  const accepted = new Set(events.map(({ idempotency_key }) => idempotency_key));
  return [
    ...[...intents.values()]
      .filter(({ key, statuses }) => statuses.size > 0 && !accepted.has(key))
      .map(({ key }) => `${key} was answered 2xx, and payments has no such payment`),
    ...events
      .filter(({ message_id }) => !posted.has(message_id))
      .map(({ idempotency_key, type }) => `${idempotency_key} (${type}) was accepted, and is not posted`),
    ...parked.map(
      ({ message_id, reason, detail }) => `message ${message_id} is parked: ${reason}, ${detail}`,
    ),
    ...deadLetters.map(({ message_id, reason }) => `message ${message_id} is dead in the outbox: ${reason}`),
    ...[...intents.values()]
      .filter(({ statuses, refusals }) => statuses.size === 0 && refusals.length === 0)
      .map(({ key }) => `${key}: its outcome is still not known`),
  ];
}

export function postedTwice({ transfers }: Evidence): string[] {
  const byEvent = Map.groupBy(transfers, ({ payment_id, kind }) => `${kind} of ${payment_id}`);
  return [...byEvent]
    .filter(([, { length }]) => length > 1)
    .map(([event, { length }]) => `${event} is posted ${length} times`);
}

export function postedWrongly(
  intents: ReadonlyMap<string, Intent>,
  { events, transfers }: Evidence,
): string[] {
  const byMessage = new Map(events.map((event) => [event.message_id, event]));
  return [
    ...transfers.flatMap((transfer) => {
      const event = byMessage.get(transfer.message_id);
      if (!event) return [`transfer ${transfer.id} is of no payment event`];
      const [from, to] = transfer.kind === 'payment' ? [event.src, event.dest] : [event.dest, event.src];
      const isRight =
        transfer.payment_id === event.payment_id &&
        transfer.amount_minor === event.amount_minor &&
        transfer.currency === event.currency &&
        transfer.debit_account === from &&
        transfer.credit_account === to;
      return isRight
        ? []
        : [`transfer ${transfer.id} differs from the payment event ${event.idempotency_key}`];
    }),
    ...events.flatMap((event) => {
      const intent = intents.get(event.idempotency_key);
      if (!intent) return [`payments accepted ${event.idempotency_key}, which nobody wanted`];
      return isAsWanted(intent, event)
        ? []
        : [`payments accepted ${event.idempotency_key} otherwise than it was asked for`];
    }),
  ];
}

function isAsWanted({ kind, body, reverses }: Intent, event: Evidence['events'][number]): boolean {
  if (kind === 'reverse') return event.type === 'payment.reversed' && event.payment_id === reverses;
  const { src, dest, amount, currency } = JSON.parse(body) as Record<
    'src' | 'dest' | 'amount' | 'currency',
    string
  >;
  return (
    event.type === 'payment.accepted' &&
    event.src === src &&
    event.dest === dest &&
    event.currency === currency &&
    event.amount_minor === String(parseAmount(amount, currency))
  );
}

/** Accounts are kept beside the transfers: they must be the same sums. */
export function unbalanced({ accounts, transfers }: Evidence): string[] {
  const sums = new Map<string, bigint>();
  const add = (of: string, minor: string) => sums.set(of, (sums.get(of) ?? 0n) + BigInt(minor));
  for (const { debit_account, credit_account, currency, amount_minor } of transfers) {
    add(`${debit_account} ${currency} debits`, amount_minor);
    add(`${credit_account} ${currency} credits`, amount_minor);
  }
  const kept = accounts.flatMap(({ name, currency, debits_posted, credits_posted }) => [
    [`${name} ${currency} debits`, debits_posted] as const,
    [`${name} ${currency} credits`, credits_posted] as const,
  ]);
  const known = new Set<string>(kept.map(([of]) => of));
  return [
    ...kept
      .filter(([of, minor]) => BigInt(minor) !== (sums.get(of) ?? 0n))
      .map(([of, minor]) => `${of}: the account says ${minor}, its transfers ${sums.get(of) ?? 0n}`),
    ...[...sums.keys()].filter((of) => !known.has(of)).map((of) => `${of}: there is no such account`),
  ];
}

/** What answers said, against each other. */
export function takenBack(
  intents: ReadonlyMap<string, Intent>,
  attempts: readonly Attempt[],
  { events }: Evidence,
): string[] {
  const accepted = new Map(events.map(({ idempotency_key, payment_id }) => [idempotency_key, payment_id]));
  return [
    ...[...intents.values()].flatMap(({ key, paymentIds, refusals }) => [
      ...(paymentIds.size > 1 ? [`${key} was answered as ${[...paymentIds].join(' and ')}`] : []),
      ...[...paymentIds]
        .filter((id) => accepted.has(key) && accepted.get(key) !== id)
        .map((id) => `${key} was answered as ${id}, and is ${accepted.get(key)}`),
      ...refusals.map(({ status, why }) => `${key} may be paid, and was refused: ${status} ${why}`),
    ]),
    ...attempts.flatMap(({ kind, request, outcome, paymentId }) => {
      if (outcome?.type === 'ok' && (kind === 'illegal' || kind === 'other body'))
        return [`${kind} was accepted: ${request.body}`];
      if (kind !== 'read' || outcome === undefined || outcome.type === 'info') return [];
      const answered = (outcome.answer as { id?: string } | undefined)?.id;
      return answered === paymentId
        ? []
        : [`payment ${paymentId} was accepted, and then not found: ${outcome.status}`];
    }),
    ...attempts
      .filter(({ kind, request: { key } }) => kind === 'illegal' && key !== undefined && accepted.has(key))
      .map(({ request: { key } }) => `${key} was refused, and left a row`),
  ];
}

/** At the ledger, and in the outbox. */
export function outOfOrder({ transfers, outbox }: Evidence): string[] {
  const before = (payment: string | undefined, reversal: string | undefined) =>
    payment !== undefined && reversal !== undefined && BigInt(payment) < BigInt(reversal);
  const idOf = (of: 'payment' | 'reversal') =>
    new Map(transfers.filter(({ kind }) => kind === of).map(({ payment_id, id }) => [payment_id, id]));
  const sent = (type: string) =>
    new Map(outbox.filter((row) => row.type === type).map(({ key, id }) => [key, id]));
  const [payments, sentPayments] = [idOf('payment'), sent('payment.accepted')];
  return [
    ...[...idOf('reversal')]
      .filter(([payment, id]) => !before(payments.get(payment), id))
      .map(([payment]) => `the reversal of ${payment} was posted before it`),
    ...[...sent('payment.reversed')]
      .filter(([payment, id]) => !before(sentPayments.get(payment), id))
      .map(([payment]) => `the reversal of ${payment} was sent before it`),
  ];
}

/** @param seen heads of the chain that were seen while the run went on */
export function changedAfterwards(
  { chain, links }: Evidence,
  seen: readonly { shard: number; seq: string; hash: string }[],
): string[] {
  const now = new Map(links.map(({ shard, seq, hash }) => [`${shard}/${seq}`, hash]));
  return [
    ...chain.faults.map(({ shard, link, fault }) => `shard ${shard}, link ${link}: ${fault}`),
    ...seen
      .filter(({ shard, seq, hash }) => now.get(`${shard}/${seq}`) !== hash)
      .map(({ shard, seq }) => `shard ${shard}: link ${seq} was another one`),
  ];
}
