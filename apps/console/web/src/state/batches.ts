import type { LinkName } from '@paid-once/links';
import type { Snapshot } from '../../../src/api.js';

/** What passed between two snapshots, by link. Nothing is drawn of it but how much: one to three dots. */
export interface Batch {
  id: string;
  passed: Partial<Record<LinkName, number>>;
}

/** Three snapshots are 750 ms: longer than a dot glides, and at most nine dots a link. */
const batchesKept = 3;

export function passed(known: readonly Batch[], before: Snapshot | null, now: Snapshot): readonly Batch[] {
  if (before === null || before.at === now.at) return known;
  const accepted = grown(before.stations.payments.count, now.stations.payments.count);
  const published = grown(leftOutbox(before), leftOutbox(now));
  const posted = grown(before.stations.ledger.count, now.stations.ledger.count);
  const batch: Batch = {
    id: now.at,
    passed: {
      payment: Math.max(accepted, now.stations.client.perSecond > 0 ? 1 : 0),
      'payments-postgres': accepted,
      'relay-postgres': published,
      'relay-rabbitmq': published,
      'ledger-rabbitmq': posted,
      'ledger-postgres': posted,
    },
  };
  return [...known, batch].slice(-batchesKept);
}

/** How many dots tell it: a batch of one and one of a thousand must both be seen, and told apart. */
export function dotsFor(passedNow: number): number {
  if (passedNow <= 0) return 0;
  return passedNow < 5 ? 1 : passedNow < 50 ? 2 : 3;
}

/** At most twelve dots before a cut link: with the first one the picture is clear, with twelve it is drastic. */
export function pileFor(waiting: number): number {
  return waiting <= 0 ? 0 : Math.min(12, Math.ceil(Math.log2(waiting + 1)));
}

function leftOutbox({ stations }: Snapshot): number | null {
  return stations.payments.count === null || stations.outbox.pending === null
    ? null
    : stations.payments.count - stations.outbox.pending;
}

function grown(before: number | null, now: number | null): number {
  return before === null || now === null ? 0 : Math.max(0, now - before);
}
