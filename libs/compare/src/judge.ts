import type { BreakKind, Dropped } from './comparison.js';
import type { Difference } from './differences.js';
import type { ExportRow } from './export-row.js';
import type { Station } from './answers.js';

/** What both sides say about one payment when it is looked up again: the ledger was asked first. */
export interface LookedUp {
  ledger: Station[];
  payments: Station[];
}

/** `since` is ISO 8601, undefined when neither side says; `ledgerRow` is given when the two rows differ. */
export interface Found {
  kind: BreakKind;
  row: ExportRow;
  since: string | undefined;
  /** Why it was parked or dead-lettered. */
  reason: string | undefined;
  /** A person gave it up. */
  dropped: Dropped | undefined;
  ledgerRow?: ExportRow;
}

export type Judgement =
  | Found
  /** It was posted between the two readings: what was posted is not known yet. */
  | { kind: 'posted-meanwhile'; row: ExportRow }
  | { kind: 'gone' };

/**
 * What a difference is, now that the payment was looked up again.
 *
 * What has left the outbox and was not posted is called `inBroker`, not missing: a queue cannot be browsed, so only a marker
 * that was published after it and has arrived proves that it will not arrive. The ledger was asked after the marker came.
 */
export function judge(difference: Difference, { ledger, payments }: LookedUp): Judgement {
  const { row } = difference;
  // It may be kept for two reasons, and a person's decision is about the event: none of them may take it back.
  const here = (stations: Station[], ...wanted: Station['station'][]) => {
    const found = stations.filter(({ type, station }) => type === row.type && wanted.includes(station));
    return found.find(({ droppedBy }) => droppedBy) ?? found[0];
  };
  const found = (kind: BreakKind, at: Station | undefined): Found => ({
    kind,
    row,
    since: at?.since ?? undefined,
    reason: at?.reason ?? undefined,
    dropped: at?.droppedBy ? { by: at.droppedBy, why: at.droppedWhy ?? '' } : undefined,
  });
  const posted = here(ledger, 'posted');

  switch (difference.kind) {
    case 'only-payments': {
      if (posted !== undefined) return { kind: 'posted-meanwhile', row };
      const kept = here(ledger, 'parked', 'waiting');
      if (kept !== undefined) return found('parked', kept);
      const dead = here(payments, 'dead-lettered');
      if (dead !== undefined) return found('deadLettered', dead);
      const pending = here(payments, 'outbox');
      if (pending !== undefined) return found('inOutbox', pending);
      const published = here(payments, 'published');
      return found(published?.beforeMarker === true ? 'missing' : 'inBroker', published);
    }
    case 'only-ledger':
      if (posted === undefined || payments.some(({ type }) => type === row.type)) return { kind: 'gone' };
      return found('unexpected', posted);
    case 'posted-again': {
      // The ledger names the postings of an event oldest first.
      const again = ledger.filter(({ type, station }) => type === row.type && station === 'posted').at(1);
      return again === undefined ? { kind: 'gone' } : found('duplicate', again);
    }
    case 'amount-differs':
      if (posted === undefined) return { kind: 'gone' };
      return { ...found('amountDiffers', posted), ledgerRow: difference.ledgerRow };
    case 'reversed-first': {
      const before = ledger.some(({ type, station }) => type === 'payment.accepted' && station === 'posted');
      return posted === undefined || before ? { kind: 'gone' } : found('order', posted);
    }
    default:
      return unreachable(difference);
  }
}

function unreachable(difference: never): never {
  throw new Error(`Bug: a difference that nobody judges: ${JSON.stringify(difference)}`);
}
