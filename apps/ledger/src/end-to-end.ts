import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { Injectable } from '@nestjs/common';
import type { HistogramMetric } from '@paid-once/service';

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
/** Buckets for Prometheus: up to 1 ms, 2 ms, 4 ms … 36 minutes. */
const bucketCount = 22;

/** How long payments took to be posted, over the last seconds and ever. Two clocks: the payments database's and this machine's. */
@Injectable()
export class EndToEndTimes {
  private readonly parts: { second: number; times: RecordableHistogram }[] = [];
  private readonly inBuckets = new Float64Array(bucketCount + 1);
  private sumMs = 0;

  /** @param acceptedAt when each of those that were just committed was accepted, in milliseconds since 1970 */
  posted(acceptedAt: readonly number[], now = Date.now()): void {
    if (acceptedAt.length === 0) return;
    const times = this.partOf(Math.floor(now / 1_000));
    for (const at of acceptedAt) {
      const ms = Math.min(Math.max(1, Math.round(now - at)), mostMs);
      times.record(ms);
      this.sumMs += ms;
      const bucket = Math.min(bucketAbove(ms), bucketCount);
      this.inBuckets[bucket] = (this.inBuckets[bucket] ?? 0) + 1;
    }
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

  /** Since the process started. */
  get distribution(): Pick<HistogramMetric, 'buckets' | 'count' | 'sum'> {
    let count = 0;
    const buckets = [...this.inBuckets].map((some, bucket) => ({
      upTo: 2 ** bucket / 1_000,
      count: (count += some),
    }));
    return { buckets: buckets.slice(0, bucketCount), count, sum: this.sumMs / 1_000 };
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

/** The smallest power of two that is at least this whole number: 1 → 0, 2 → 1, 3 → 2, 4 → 2. */
function bucketAbove(ms: number): number {
  return 32 - Math.clz32(ms - 1);
}
