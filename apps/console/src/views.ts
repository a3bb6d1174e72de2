import { faultsOn, linkNames, type Fault, type LinkName, type LinkState } from '@paid-once/links';
import { meaningsOf } from '../../cli/src/faults/meanings.js';
import { conditionOf } from '../../cli/src/faults/words.js';
import { attentionIn } from '../../cli/src/status/attention.js';
import type { Asked, Parts } from '../../cli/src/status/parts.js';
import type { AttentionView, FaultView, Health, LinkView, Stations, Totals } from './api.js';

/**
 * What the parts say of themselves, as the page draws it.
 * @param rates payments a second, from one look to the next
 * @param inOutbox what a comparison of just these found there, null while there is none
 */
export function stationsOf(
  parts: Parts,
  rates: { accepted: number; posted: number; asked: number },
  inOutbox: Totals | null,
): Stations {
  const { payments, outbox, ledger, consumer, parked } = parts;
  const consumption = consumer.value?.consumer;
  return {
    client: { perSecond: rates.asked },
    payments: { ...healthOf(payments), ...balanceOf(payments), perSecond: rates.accepted },
    outbox: {
      ...healthOf(outbox, outbox.value?.trouble),
      pending: outbox.value?.pending ?? null,
      totals: outbox.value?.pending === 0 ? {} : inOutbox,
      oldestSeconds: outbox.value && outbox.value.pending > 0 ? outbox.value.oldestSeconds : null,
      deadLetters: outbox.value?.deadLetters ?? 0,
    },
    queue: { ...queueHealth(parts), underWay: underWay(parts) },
    inbox: { ...healthOf(consumer, notConsuming(consumption)), absorbed: absorbedIn(consumer) },
    ledger: {
      ...healthOf(ledger, notConsuming(consumption)),
      ...balanceOf(ledger),
      perSecond: rates.posted,
      parked: parked.value?.count ?? 0,
    },
  };
}

/** @param lacks what it waits for, if it does */
function healthOf(asked: Asked<unknown>, lacks?: string): Health {
  if (asked.reason !== undefined) return { health: 'down', says: asked.reason };
  return lacks === undefined ? { health: 'up', says: null } : { health: 'waiting', says: lacks };
}

function notConsuming(state: { kind: string; cause?: string | undefined } | undefined): string | undefined {
  if (state === undefined || state.kind === 'consuming') return undefined;
  return state.cause ?? state.kind;
}

/** Nobody asks RabbitMQ itself: both of its neighbours tell whether they reach it. */
function queueHealth({ outbox, consumer }: Parts): Health {
  if (outbox.value === undefined && consumer.value === undefined)
    return { health: 'down', says: 'neither relay nor ledger tells how it is' };
  const trouble = outbox.value?.trouble;
  return trouble === undefined ? { health: 'up', says: null } : { health: 'waiting', says: trouble };
}

function balanceOf({ value }: Parts['payments']) {
  return { count: value?.count ?? null, totals: value?.totals ?? null };
}

/** What has left the outbox and is neither posted nor set aside. */
function underWay({ payments, outbox, ledger, parked }: Parts): number | null {
  if (!payments.value || !outbox.value || !ledger.value) return null;
  const events = (side: { count: number; reversals: number }) => side.count + side.reversals;
  const { pending, deadLetters } = outbox.value;
  const gap = events(payments.value) - events(ledger.value);
  return Math.max(0, gap - pending - deadLetters - (parked.value?.count ?? 0));
}

function absorbedIn({ value }: Parts['consumer']): number | null {
  if (value?.duplicates === undefined) return null;
  return Object.values(value.duplicates).reduce((sum, count) => sum + count, 0);
}

/** @param healsAt by name, where the console will heal a link by itself */
export function linksIn({ links }: Parts, healsAt: ReadonlyMap<string, Date>, now: Date): LinkView[] {
  return (links.value ?? [])
    .filter(isOurs)
    .map((link) => {
      const kinds = faultsOn(link).flatMap(({ fault }) => fault?.kind ?? []);
      const isBroken = faultsOn(link).length > 0;
      const heals = healsAt.get(link.name);
      return {
        name: link.name,
        state: kinds.includes('cut') || kinds.includes('half-open') ? 'cut' : isBroken ? 'hurt' : 'up',
        says: conditionOf(link, now),
        faults: faultsOn(link).flatMap(({ fault, since }) => (fault ? viewOf(fault, since, now) : [])),
        healsInSeconds:
          isBroken && heals ? Math.max(0, Math.ceil((heals.getTime() - now.getTime()) / 1_000)) : null,
        means: isBroken ? meaningsOf(link.name, kinds).join(' ') || null : null,
      } satisfies LinkView;
    })
    .sort((a, b) => linkNames.indexOf(a.name) - linkNames.indexOf(b.name));
}

function viewOf(fault: Fault, since: Date | undefined, now: Date): FaultView {
  return {
    ...plain(fault),
    sinceSeconds: since ? Math.max(0, Math.round((now.getTime() - since.getTime()) / 1_000)) : null,
  };
}

/** A fault with all that a fault can have. */
export function plain(fault: Fault): Omit<FaultView, 'sinceSeconds'> {
  return {
    kind: fault.kind,
    ms: fault.kind === 'slow' ? fault.ms : null,
    percent: fault.kind === 'reset' ? fault.percent : null,
    stream: fault.kind === 'reset' ? (fault.stream ?? 'upstream') : null,
  };
}

function isOurs(link: LinkState): link is LinkState & { name: LinkName } {
  return (linkNames as readonly string[]).includes(link.name);
}

/** Without the broken links: those are drawn. */
export function attentionOf(parts: Parts, now: Date): AttentionView[] {
  return attentionIn({ ...parts, links: { value: [] } }, now).map(({ says, seconds, byItself, command }) => ({
    says,
    seconds,
    byItself,
    command: command ?? null,
  }));
}
