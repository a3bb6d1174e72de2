import { readToxicName } from './fault-toxics.js';
import type { Fault, FaultKind } from './faults.js';
import type { LinkState, ShownToxic } from './link-control.js';

/** Something that is wrong with a link: a fault, or a toxic that somebody else has put there. */
export type Trouble =
  | {
      fault: Fault;
      /** To the second. A link that somebody else has disabled does not tell. */
      since?: Date;
    }
  | { fault?: undefined; toxic: ShownToxic; since?: undefined };

/** What is broken on a link, by what, since when; empty for a link that is whole. The oldest first, strangers last. */
export function faultsOn({ enabled, toxics }: Pick<LinkState, 'enabled' | 'toxics'>): Trouble[] {
  const named = toxics.map((toxic) => ({ toxic, ...readToxicName(toxic.name) }));
  const kinds = new Set(named.flatMap(({ kind }) => kind ?? []));
  // Only the link itself tells: whoever opened it may have left the mark of a cut, whoever cut it may have set none.
  if (enabled) kinds.delete('cut');
  else kinds.add('cut');
  const faults = [...kinds].map((kind) => {
    const its = named.filter((each) => each.kind === kind);
    const toxics = its.map(({ toxic }) => toxic);
    const [since] = its.flatMap((each) => each.since ?? []).sort((a, b) => a.getTime() - b.getTime());
    return { fault: faultOf(kind, toxics), ...(since && { since }) };
  });
  const strangers = named.filter(({ kind }) => kind === undefined).map(({ toxic }) => ({ toxic }));
  return [...faults.sort((a, b) => seconds(a) - seconds(b)), ...strangers];
}

/** As it is now: whoever changes a toxic's numbers changes the fault. */
function faultOf(kind: FaultKind, toxics: readonly ShownToxic[]): Fault {
  const [toxic] = toxics;
  if (kind === 'slow') return { kind, ms: toxic?.attributes['latency'] ?? 0 };
  if (kind !== 'reset') return { kind };
  const streams = new Set(toxics.map(({ stream }) => stream.toLowerCase()));
  const stream = streams.size > 1 ? 'both' : streams.has('downstream') ? 'downstream' : 'upstream';
  // Toxiproxy keeps a float of 32 bits: 0.07 comes back as it was, its hundredfold would not.
  return { kind, percent: Number(((toxic?.toxicity ?? 0) * 100).toPrecision(6)), stream };
}

function seconds({ since }: { since?: Date }): number {
  return since?.getTime() ?? 0;
}
