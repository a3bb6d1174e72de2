import { Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { SchedulerRegistry } from '@nestjs/schedule';
import { byLabel, counter, gauge, type Metric } from './metrics.js';
import { pause } from './pause.js';
import { Waiting } from './waiting.js';

/** What one run of a retention did. */
export interface RetentionRun<Removed extends Record<string, number> = Record<string, number>> {
  /** Rows, by what they were. */
  removed: Removed;
  /** What is the oldest now; null when nothing is left, or it is not known. */
  oldest: string | null;
}

export interface RetentionStatus extends RetentionRun {
  /** When a run ended last, whatever it removed; null before the first. */
  lastRunAt: string | null;
  /** Why the last attempt failed; null when it did not. */
  failure: string | null;
}

/** @param status null: nothing is ever removed, on purpose or because nobody said as whom */
export function retentionMetrics(status: RetentionStatus | null): Metric[] {
  return [
    gauge(
      'paid_once_retention_failing',
      'Whether the last attempt to remove old rows failed: 1, or 0',
      status ? { value: status.failure === null ? 0 : 1 } : undefined,
    ),
    counter(
      'paid_once_retention_removed_total',
      'Rows that were removed because they are older than the retention, by what they were',
      ...byLabel('what', status?.removed ?? {}),
    ),
  ];
}

const interval = 'retention';
const portionEndsWithinMs = 2_000;

/**
 * Runs a retention again and again, one run at a time, and tells what it removed. That it fails hurts nobody: history
 * stays a little longer, and the next tick tries again.
 */
export class RetentionSchedule<Removed extends Record<string, number>>
  implements OnApplicationBootstrap, OnModuleDestroy
{
  private readonly logger = new Logger(interval);
  private readonly waiting = new Waiting(this.logger, 'the next run of the retention');
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;
  private failure: string | null = null;
  private told: Omit<RetentionStatus, 'failure'> | undefined;

  /**
   * @param options.run removes until nothing is left to remove, or the signal comes; undefined: another process does it
   * @param options.off why nothing is ever removed, if so: it is logged once, at the start
   */
  constructor(
    private readonly scheduler: SchedulerRegistry,
    private readonly options: {
      everySeconds: number;
      off?: string | undefined;
      run: (signal: AbortSignal) => Promise<RetentionRun<Removed> | undefined>;
    },
  ) {}

  /** Counts are since this process started; null when nothing is ever removed here. */
  get status(): RetentionStatus | null {
    if (this.options.off !== undefined) return null;
    return { lastRunAt: null, removed: {}, oldest: null, ...this.told, failure: this.failure };
  }

  onApplicationBootstrap(): void {
    if (this.options.off !== undefined) return this.logger.warn(`nothing is removed: ${this.options.off}`);
    // Not `@Interval`: its time is a constant of the code.
    this.scheduler.addInterval(
      interval,
      setInterval(() => void this.tick(), this.options.everySeconds * 1_000),
    );
  }

  /** The portion in hand is finished first, which takes milliseconds, or left alone when its database is silent. */
  async onModuleDestroy(): Promise<void> {
    if (this.scheduler.doesExist('interval', interval)) this.scheduler.deleteInterval(interval);
    this.stopping.abort();
    await Promise.race([this.running, pause(portionEndsWithinMs)]);
  }

  // A tick while the last run still goes on is that run.
  tick(): Promise<void> {
    return (this.running ??= this.runOnce().finally(() => (this.running = undefined)));
  }

  private async runOnce(): Promise<void> {
    if (this.stopping.signal.aborted) return;
    try {
      const run = await this.options.run(this.stopping.signal);
      if (this.failure !== null) this.waiting.over();
      this.failure = null;
      if (run) this.tell(run);
    } catch (error) {
      this.waiting.because(error);
      this.failure = error instanceof Error ? error.message : String(error);
    }
  }

  private tell({ removed, oldest }: RetentionRun<Removed>): void {
    const sums: Record<string, number> = { ...this.told?.removed };
    for (const [what, count] of Object.entries(removed)) sums[what] = (sums[what] ?? 0) + count;
    this.told = { lastRunAt: new Date().toISOString(), removed: sums, oldest };
    const counts = Object.entries(removed).filter(([, count]) => count > 0);
    if (counts.length > 0)
      this.logger.log(`removed ${counts.map(([what, count]) => `${count} ${what}`).join(', ')}`);
  }
}
