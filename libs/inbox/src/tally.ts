import type { ParkReason } from './park.js';

/** What became of some deliveries: each is counted once. */
export interface Tally {
  /** Took effect. */
  done: number;
  /** Had taken effect before, by how that was noticed. */
  repeated: Record<string, number>;
  parked: Partial<Record<ParkReason, number>>;
  /** Of those that had taken effect before, how many the broker delivered again: their ack had not arrived. */
  redelivered?: number;
  /** When those that took effect came into the world, in milliseconds since 1970. Not summed. */
  since?: number[];
}

export const emptyTally = (): Tally => ({ done: 0, repeated: {}, parked: {} });

export function sumTallies(one: Tally, other: Tally): Tally {
  return {
    done: one.done + other.done,
    repeated: sumCounts(one.repeated, other.repeated),
    parked: sumCounts(one.parked, other.parked),
    redelivered: (one.redelivered ?? 0) + (other.redelivered ?? 0),
  };
}

function sumCounts<Counts extends Record<string, number>>(one: Counts, other: Counts): Counts {
  const sums: Record<string, number> = { ...one };
  for (const [name, count] of Object.entries(other)) sums[name] = (sums[name] ?? 0) + count;
  return sums as Counts;
}
