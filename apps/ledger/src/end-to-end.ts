import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { Injectable } from '@nestjs/common';

/** Milliseconds from the moment payments accepted it to the commit of its transfer. */
export interface EndToEnd {
  /** How many were posted in the last five seconds. */
  count: number;
  p50Ms: number;
  p95Ms: number;
  p99Ms: number;
}

const seconds = 5;
/** An hour; what waited longer counts as that. */
const mostMs = 3_600_000;

/** How long payments took to be posted, over the last seconds. Two clocks: the payments database's and this machine's. */
@Injectable()
export class EndToEndTimes {
  private readonly parts: { second: number; times: RecordableHistogram }[] = [];

  /** @param acceptedAt when each of those that were just committed was accepted, in milliseconds since 1970 */
  posted(acceptedAt: readonly number[], now = Date.now()): void {
    if (acceptedAt.length === 0) return;
    const times = this.partOf(Math.floor(now / 1_000));
    for (const at of acceptedAt) times.record(Math.min(Math.max(1, Math.round(now - at)), mostMs));
  }

  /** Null: nothing was posted. */
  last(now = Date.now()): EndToEnd | null {
    const second = Math.floor(now / 1_000);
    const all = createHistogram();
    for (const part of this.parts) if (part.second > second - seconds) all.add(part.times);
    if (all.count === 0) return null;
    const at = (percent: number) => all.percentile(percent);
    return { count: all.count, p50Ms: at(50), p95Ms: at(95), p99Ms: at(99) };
  }

  private partOf(second: number): RecordableHistogram {
    const newest = this.parts[0];
    if (newest?.second === second) return newest.times;
    const times = createHistogram({ lowest: 1, highest: mostMs });
    this.parts.unshift({ second, times });
    this.parts.splice(seconds);
    return times;
  }
}
