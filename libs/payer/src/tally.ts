import { createHistogram } from 'node:perf_hooks';
import type { PayProgress, PaySummary, RowProblem } from './pay-types.js';
import type { RowOutcome } from './pay-row.js';

const keptProblems = 20;

/** Counts what became of a file's rows, in constant memory. */
export class Tally {
  readonly problems: RowProblem[] = [];
  readonly #counts = { accepted: 0, replayed: 0, refused: 0, failed: 0 };
  #attempts = 0;
  /** Whole rows, in microseconds. */
  readonly #rowTimes = createHistogram();
  readonly #startMs = performance.now();

  constructor(private readonly total: number) {}

  attempt(): void {
    this.#attempts++;
  }

  /** @param tookMs undefined for a row that was never sent */
  row(
    place: { line: number; row: number },
    { outcome, status, detail }: RowOutcome,
    tookMs: number | undefined,
  ): void {
    this.#counts[outcome]++;
    if (tookMs !== undefined) this.#rowTimes.record(Math.max(Math.round(tookMs * 1_000), 1));
    if ((outcome === 'refused' || outcome === 'failed') && this.problems.length < keptProblems)
      this.problems.push({ outcome, line: place.line, row: place.row, status, detail });
  }

  progress(): PayProgress {
    const { accepted, replayed, refused, failed } = this.#counts;
    const done = accepted + replayed + refused + failed;
    return { done, total: this.total, accepted, replayed, refused, failed, attempts: this.#attempts };
  }

  summary(): PaySummary {
    const { accepted, replayed, refused, failed } = this.#counts;
    const seconds = Math.round(performance.now() - this.#startMs) / 1_000;
    const [p50Ms, p95Ms, p99Ms] = [this.#percentileMs(50), this.#percentileMs(95), this.#percentileMs(99)];
    const counts = { rows: this.total, attempts: this.#attempts, accepted, replayed, refused, failed };
    return { ...counts, seconds, p50Ms, p95Ms, p99Ms };
  }

  #percentileMs(percentile: number): number {
    return this.#rowTimes.count === 0 ? 0 : Math.round(this.#rowTimes.percentile(percentile) / 100) / 10;
  }
}
