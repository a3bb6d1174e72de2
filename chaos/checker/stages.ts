import type { Evidence } from '../evidence.js';
import type { Intent } from '../intents.js';

/** Jepsen's six numbers, of each stage that a payment passes. */
export interface Stage {
  /** How many were tried to be put through. */
  attempted: number;
  /** Of how many it was promised that they are through. */
  acknowledged: number;
  /** Promised, and not there. */
  lost: number;
  /** There, and never tried. */
  unexpected: number;
  /** There more than once. */
  duplicated: number;
  /** There, though whoever tried was not told. */
  recovered: number;
}

export type StageName =
  'client → payments' | 'payments → outbox' | 'outbox → inbox' | 'inbox → ledger' | 'client → ledger';

/** @param intents what clients wanted, all outcomes known */
export function stagesOf(intents: ReadonlyMap<string, Intent>, evidence: Evidence): Record<StageName, Stage> {
  const { events, outbox, inbox, markers, transfers } = evidence;
  const wanted = [...intents.values()];
  const clients = {
    tried: wanted.map(({ key }) => key),
    promised: wanted.filter(({ statuses }) => statuses.size > 0).map(({ key }) => key),
    recovered: wanted.filter(({ statuses }) => statuses.has(208) && !statuses.has(201)).length,
  };
  const sure = (tried: string[]) => ({ tried, promised: tried, recovered: 0 });
  const keyOf = new Map(events.map((event) => [event.message_id, event.idempotency_key]));
  const isMarker = new Set(markers.map(({ message_id }) => message_id));
  const sent = outbox.map(({ message_id }) => message_id);
  const taken = inbox.map(({ message_id }) => message_id).filter((id) => !isMarker.has(id));
  const posted = transfers.map(({ message_id }) => message_id);
  return {
    'client → payments': stage(clients, [...keyOf.values()]),
    'payments → outbox': stage(sure([...keyOf.keys()]), sent),
    'outbox → inbox': stage(sure(sent), taken),
    'inbox → ledger': stage(sure(taken), posted),
    'client → ledger': stage(
      clients,
      posted.map((id) => keyOf.get(id) ?? id),
    ),
  };
}

function stage(
  { tried, promised, recovered }: { tried: string[]; promised: string[]; recovered: number },
  there: readonly string[],
): Stage {
  const [attempted, acknowledged] = [new Set(tried), new Set(promised)];
  const copies = Map.groupBy(there, (id) => id);
  const arrived = new Set(copies.keys());
  return {
    attempted: attempted.size,
    acknowledged: acknowledged.size - recovered,
    lost: missingIn(arrived, acknowledged),
    unexpected: missingIn(attempted, arrived),
    duplicated: [...copies.values()].filter(({ length }) => length > 1).length,
    recovered,
  };
}

function missingIn(there: ReadonlySet<string>, wanted: ReadonlySet<string>): number {
  return [...wanted].filter((id) => !there.has(id)).length;
}
