import type { Break, Comparison } from '@paid-once/compare';
import { breakSentence, isUndecided, verdictOf } from '../../cli/src/output/compare-view.js';
import { age, count, counted, money } from '../../cli/src/output/words.js';
import type { Parts } from '../../cli/src/status/parts.js';
import { faultsOn, type LinkState } from '@paid-once/links';
import type { Verdict } from './api.js';

/** A comparison, and which balances both sides had when it began. */
export interface Compared {
  comparison: Comparison;
  at: Date;
  of: string;
}

/**
 * One sentence about the money that is true now. Whether both ledgers agree only a comparison knows, and it is of a moment
 * ago: while it was not made of what both sides hold now, no sentence says that they agree.
 */
export function verdictFrom(parts: Parts, compared: Compared | undefined, now = new Date()): Verdict {
  const { payments, ledger } = parts;
  const away = [...(payments.value ? [] : ['payments']), ...(ledger.value ? [] : ['the ledger'])];
  if (away.length > 0)
    return {
      kind: 'unknown',
      says: `Whether the ledgers agree is not known: ${away.join(' and ')} ${away.length === 1 ? 'does' : 'do'} not answer. What was accepted is kept.`,
      helps: null,
    };
  if (compared === undefined || compared.of !== balancesIn(parts)) return notCompared(parts, now);
  return ofComparison(compared, parts, now);
}

/** What a comparison is of: as long as this is the same, it holds. */
export function balancesIn({ payments, ledger, outbox, parked }: Parts): string {
  const { pending, deadLetters } = outbox.value ?? {};
  return JSON.stringify([payments.value, ledger.value, pending, deadLetters, parked.value?.count]);
}

function notCompared(parts: Parts, now: Date): Verdict {
  const [accepted, posted] = [parts.payments.value, parts.ledger.value];
  const events = (side: typeof accepted) => (side ? side.count + side.reversals : 0);
  const gap = events(accepted) - events(posted);
  const says =
    gap > 0
      ? `${counted(gap, 'payment')} ${gap === 1 ? 'is' : 'are'} on the way, ${whereItIs(parts, gap)}.`
      : `Both sides hold ${counted(posted?.count ?? 0, 'payment')}, ${money(posted?.totals ?? {})}; they are being compared.`;
  const kind = gap > 0 ? movement(parts) : 'under-way';
  return { kind, says: `${says}${because(parts, now)}`, helps: helpIn(parts) };
}

const afterTheOutbox = new Set(['relay-postgres', 'relay-rabbitmq', 'ledger-rabbitmq', 'ledger-postgres']);

/** Nothing moves through a link that is cut or half-open, until somebody heals it. */
function movement({ links }: Parts): 'under-way' | 'stuck' {
  const isClosed = brokenIn(links.value).some(
    (link) =>
      afterTheOutbox.has(link.name) &&
      faultsOn(link).some(({ fault }) => fault?.kind === 'cut' || fault?.kind === 'half-open'),
  );
  return isClosed ? 'stuck' : 'under-way';
}

/** The parts are asked a moment apart: more than is on the way cannot wait. */
function whereItIs({ outbox }: Parts, gap: number): string {
  const pending = outbox.value?.pending ?? 0;
  if (pending >= gap) return 'safe in the outbox';
  return pending > 0 ? `${count(pending)} of them safe in the outbox` : 'published, and soon posted';
}

function ofComparison({ comparison, at }: Compared, parts: Parts, now: Date): Verdict {
  const { agree, payments, breaks } = comparison;
  if (agree)
    return { kind: payments.count === 0 ? 'empty' : 'agree', says: verdictOf(comparison), helps: null };
  const { inOutbox, inBroker, deadLettered, parked, ...wrong } = breaks;
  if (Object.values(wrong).some(({ count }) => count > 0))
    return {
      kind: 'differ',
      says: verdictOf(comparison),
      helps: breaks.missing.count > 0 ? 'npx paid-once compare --repair' : 'npx paid-once compare',
    };
  if (isUndecided(deadLettered) || isUndecided(parked))
    return { kind: 'stuck', says: verdictOf(comparison), helps: 'npx paid-once dead list' };
  const sinceThen = Math.max(0, now.getTime() - at.getTime()) / 1_000;
  const older = (found: Break) => ({ ...found, oldestSeconds: found.oldestSeconds + sinceThen });
  const found = [
    ...(inOutbox.count > 0 ? [breakSentence('inOutbox', older(inOutbox))] : []),
    ...(inBroker.count > 0 ? [breakSentence('inBroker', older(inBroker))] : []),
  ];
  if (found.length === 0) return { kind: 'stuck', says: verdictOf(comparison), helps: null }; // all of it was given up
  return { kind: movement(parts), says: `${found.join('; ')}.${because(parts, now)}`, helps: helpIn(parts) };
}

function because({ links }: Parts, now: Date): string {
  const broken = brokenIn(links.value);
  const [first] = broken;
  if (first === undefined) return '';
  const [since] = faultsOn(first).flatMap((trouble) => trouble.since ?? []);
  const is = first.enabled ? 'hurt' : 'cut';
  const lasts = since
    ? `has been ${is} for ${age(Math.max(0, (now.getTime() - since.getTime()) / 1_000))}`
    : `is ${is}`;
  const others = broken.length > 1 ? `, and ${counted(broken.length - 1, 'other link')}` : '';
  return ` The link ${first.name} ${lasts}${others}.`;
}

function helpIn({ links }: Parts): string | null {
  return brokenIn(links.value).length > 0 ? 'npx paid-once heal' : null;
}

function brokenIn(links: readonly LinkState[] = []): LinkState[] {
  return links.filter((link) => faultsOn(link).length > 0);
}
