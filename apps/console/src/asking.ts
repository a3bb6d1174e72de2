import type { Asked } from '../../cli/src/status/parts.js';

/** Milliseconds: after so long without an answer a part hangs, unless its answers always take that long. */
const hangMs = 2_000;
/** After an answer that took this long, or longer, it is left in peace so many times as long: it costs the databases something. */
const dear = { ms: 1_000, restFactor: 4 };
const restAfterFailureMs = 1_000;

/**
 * A part of the system that is asked again and again. One that hangs keeps no other back, and is called so: what it said
 * before is no longer true of it.
 */
export class Asking<Value> {
  private answer: Asked<Value> = { reason: 'it was not asked yet' };
  private pending: Promise<void> | undefined;
  private askedAt = 0;
  private lastTook: readonly number[] = [];
  private restsUntil = 0;

  constructor(private readonly ask: () => Promise<Asked<Value>>) {}

  /** @returns resolves when nothing is asked any more; rejects with what only a bug can cause */
  again(): Promise<void> {
    if (this.pending === undefined && performance.now() >= this.restsUntil) {
      this.askedAt = performance.now();
      this.pending = this.ask()
        .then((answer) => this.answered(answer))
        .finally(() => (this.pending = undefined));
    }
    return this.pending ?? Promise.resolve();
  }

  get now(): Asked<Value> {
    const waitedMs = performance.now() - this.askedAt;
    if (this.pending === undefined || waitedMs < Math.max(hangMs, this.usualMs * 2)) return this.answer;
    return { reason: `It has not answered for ${Math.floor(waitedMs / 1_000)} s.` };
  }

  // One long answer among short ones was a hang: neither does it cost much, nor is the next one to take as long.
  private get usualMs(): number {
    return this.lastTook.length === 0 ? 0 : Math.min(...this.lastTook);
  }

  private get restMs(): number {
    return this.usualMs < dear.ms ? this.usualMs : this.usualMs * dear.restFactor;
  }

  private answered(answer: Asked<Value>): void {
    const hasFailed = answer.reason !== undefined;
    if (!hasFailed) this.lastTook = [performance.now() - this.askedAt, ...this.lastTook].slice(0, 2);
    this.answer = answer;
    this.restsUntil = performance.now() + (hasFailed ? restAfterFailureMs : this.restMs);
  }
}
