import { createHistogram } from 'node:perf_hooks';
import type { PayProgress, PaySummary, RowProblem } from './pay-types.js';
import { keptProblems, type DoneRows } from './done-rows.js';
import type { RowOutcome } from './pay-row.js';
import type { Attempt } from './send-payment.js';

/** Counts what became of a file's rows, in constant memory. */
export class Tally {
  readonly problems: RowProblem[] = [];
  readonly #counts = { accepted: 0, replayed: 0, refused: 0, failed: 0 };
  #attempts = 0;
  #resets = 0;
  #timeouts = 0;
  /** Whole rows, in microseconds. */
  readonly #rowTimes = createHistogram();
  readonly #startMs = performance.now();

  constructor(private readonly total: number) {}

  attempt(attempt: Attempt): void {
    this.#attempts++;
    if (attempt.kind !== 'unknown') return;
    if (attempt.cause === 'reset') this.#resets++;
    if (attempt.cause === 'timeout') this.#timeouts++;
  }

  /** Counts rows that have their outcome from an earlier payer of the same run. */
  takeOver({ counts, problems }: DoneRows): void {
    this.#counts.accepted += counts.accepted;
    this.#counts.replayed += counts.replayed;
    this.#counts.refused += counts.refused;
    this.problems.push(...problems.slice(0, keptProblems - this.problems.length));
  }

  /** Whether every row has an outcome that stays. */
  get isComplete(): boolean {
    const { accepted, replayed, refused } = this.#counts;
    return accepted + replayed + refused === this.total;
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
    return { ...counts, seconds, p50Ms, p95Ms, p99Ms, resets: this.#resets, timeouts: this.#timeouts };
  }

  #percentileMs(percentile: number): number {
    return this.#rowTimes.count === 0 ? 0 : Math.round(this.#rowTimes.percentile(percentile) / 100) / 10;
  }
}
