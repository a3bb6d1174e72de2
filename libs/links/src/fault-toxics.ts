import type { Fault, FaultKind } from './faults.js';
import { faultKinds } from './faults.js';
import type { LinkToxic } from './link-control.js';

type NamedToxic = LinkToxic & { name: string };

/**
 * The toxics that have this fault's effect. A cut is none of them: the link is disabled, and the `noop` given for it only
 * marks since when.
 * @param since goes into the names, so that every client of any Toxiproxy can tell it; whole seconds
 * @param free  a number from which on names of this fault are free on the link
 * @throws RangeError a delay or share that cannot be meant
 */
export function toxicsOf(fault: Fault, since: Date, free = 0): NamedToxic[] {
  return shapesOf(fault).map((shape, index) => ({
    name: toxicName(fault.kind, free + index, since),
    stream: 'downstream',
    ...shape,
  }));
}

/** What a toxic's name tells; undefined for a toxic that was not put there as a fault. */
export function readToxicName(name: string): { kind: FaultKind; number: number; since: Date } | undefined {
  const [, text, number, seconds] = /^(.+)\.(\d+)@(\d{1,12})$/.exec(name) ?? [];
  const kind = faultKinds.find((known) => known === text);
  return kind && { kind, number: Number(number), since: new Date(Number(seconds) * 1_000) };
}

function toxicName(kind: FaultKind, number: number, since: Date): string {
  return `${kind}.${number}@${Math.floor(since.getTime() / 1_000)}`;
}

const streams = ['upstream', 'downstream'] as const;

function shapesOf(fault: Fault): Omit<LinkToxic, 'name'>[] {
  switch (fault.kind) {
    case 'cut':
      return [{ type: 'noop' }];
    case 'slow':
      if (!Number.isInteger(fault.ms) || fault.ms < 1)
        throw new RangeError(`${fault.ms} is no delay: it is whole milliseconds, at least 1`);
      return [{ type: 'latency', attributes: { latency: fault.ms } }];
    case 'reset': {
      const { percent, stream = 'upstream' } = fault;
      if (!(percent > 0 && percent <= 100))
        throw new RangeError(`${percent} is no share: it is above 0 and at most 100 percent`);
      return streams
        .filter((each) => stream === 'both' || stream === each)
        .map((each) => ({
          type: 'reset_peer',
          stream: each,
          toxicity: percent / 100,
          attributes: { timeout: 0 },
        }));
    }
    case 'lose-answers':
      return [blackHole('downstream')];
    case 'lose-requests':
      return [blackHole('upstream')];
    case 'half-open':
      return streams.map(blackHole);
    case 'drip':
      // A statement of the group commit (some 40 KB) takes less than half a second, far from any time-out, while every
      // frame and every line of every protocol arrives torn. Smaller crumbs only take longer, and tear no more.
      return streams.map((stream) => ({
        type: 'slicer',
        stream,
        attributes: { average_size: 48, size_variation: 16, delay: 500 },
      }));
  }
}

function blackHole(stream: 'upstream' | 'downstream'): Omit<LinkToxic, 'name'> {
  return { type: 'timeout', stream, attributes: { timeout: 0 } };
}
