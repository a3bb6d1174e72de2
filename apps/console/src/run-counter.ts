import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { pause } from '@paid-once/service';
import { failureOf } from '../../cli/src/failure.js';
import type { Parts } from '../../cli/src/status/parts.js';
import { Control } from './control.js';
import { outcomeOf, type Outcome } from './run-outcome.js';
import { Runs, type PaidRun } from './runs.js';
import { balancesIn } from './verdict.js';
import { Watch } from './watch.js';

/** Milliseconds: how often it looks, and how long nothing may have changed until a run is settled. */
const lookMs = 500;
const quietMs = 3_000;
const restFactor = 4;
/** An id that is older than the run, though clocks differ a little. */
const marginMs = 60_000;

interface Counted {
  outcome: Outcome;
  /** What both sides held then: as long as this is the same, so is the outcome. */
  of: string;
  /** Since when it is so, by `performance.now()`. */
  since: number;
}

/** Counts what became of the runs that are over, until nothing of them is under way any more. */
@Injectable()
export class RunCounter implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger('runs');
  private readonly ended = new AbortController();
  private readonly counted = new WeakMap<PaidRun, Counted>();
  private lastCount = 0;

  constructor(
    private readonly runs: Runs,
    private readonly watch: Watch,
    private readonly control: Control,
  ) {}

  onModuleInit(): void {
    void this.control.showingKey(() => this.countAll()).catch((error: unknown) => this.logger.error(error));
  }

  onModuleDestroy(): void {
    this.ended.abort();
  }

  private async countAll(): Promise<void> {
    while (!this.ended.signal.aborted) {
      const startedAt = performance.now();
      const { parts } = this.watch;
      if (parts) await this.countOpen(parts);
      const tookMs = performance.now() - startedAt;
      await pause(Math.max(lookMs, tookMs * restFactor), this.ended.signal);
    }
  }

  private async countOpen(parts: Parts): Promise<void> {
    const open = this.runs.paid.filter((run) => this.isOpen(run));
    if (this.wasEmptied(parts)) {
      for (const { measured } of open) {
        measured.outcome = null;
        measured.notCounted = 'both ledgers were emptied before all of it had arrived';
      }
      return;
    }
    for (const run of open) await this.count(run, parts);
  }

  private isOpen({ sent, measured }: PaidRun): boolean {
    return sent.length > 0 && measured.notCounted === null && measured.outcome?.settled !== true;
  }

  /** A reset has taken the payments away: they are not lost, and nothing can be counted any more. */
  private wasEmptied({ payments }: Parts): boolean {
    if (!payments.value) return false;
    const wasEmptied = payments.value.count < this.lastCount;
    this.lastCount = payments.value.count;
    return wasEmptied;
  }

  private async count(run: PaidRun, parts: Parts): Promise<void> {
    const of = balancesIn(parts);
    const before = this.counted.get(run);
    if (before?.of !== of) {
      const outcome = await this.outcome(run);
      if (!outcome) return;
      this.counted.set(run, { outcome, of, since: performance.now() });
      run.measured.outcome = { lost: outcome.lost, twice: outcome.twice, settled: false };
    } else if (
      run.measured.outcome &&
      performance.now() - before.since > quietMs &&
      isStill(run, before, parts)
    ) {
      run.measured.outcome.settled = true;
    }
  }

  /** Undefined: a side does not answer now. */
  private async outcome({ sent, measured }: PaidRun): Promise<Outcome | undefined> {
    try {
      const after = firstIdAt(Date.parse(measured.startedAt) - marginMs);
      return await outcomeOf(sent, after, this.control.urls, this.ended.signal);
    } catch (error) {
      if (failureOf(error) === undefined && !this.ended.signal.aborted) throw error;
    }
  }
}

/** Whether nothing more can come. What chapter 1 has not delivered yet it has lost. */
function isStill({ measured }: PaidRun, { outcome }: Counted, { outbox, consumer }: Parts): boolean {
  const isIdle = outbox.value?.pending === 0 && consumer.value?.consumer.kind === 'consuming';
  return isIdle && (measured.chapter === 1 || outcome.underWay === 0);
}

/** The smallest UUIDv7 of a moment, in milliseconds since 1970. */
function firstIdAt(ms: number): string {
  const hex = ms.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
}
