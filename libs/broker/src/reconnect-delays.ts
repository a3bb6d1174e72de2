const firstMs = 100;
/** Between attempts that the broker refuses: it logs each of them, and only a person can change its mind. */
const refusedMs = 5_000;
/** A connection that lived shorter than this has changed nothing: a flapping link is not knocked at ten times a second. */
const stableMs = 2_000;

/** When to try again: doubling from 100 ms to 2 s, or less, each drawn from its upper half, so that many clients do not come back in step. */
export class ReconnectDelays {
  private failures = 0;
  private refused = false;
  private connectedAt: number | undefined;

  constructor(private readonly maxMs = 2_000) {}

  connected(): void {
    this.refused = false;
    this.connectedAt = performance.now();
  }

  lost({ refused }: { refused: boolean }): void {
    this.refused = refused;
    if (this.connectedAt !== undefined && performance.now() - this.connectedAt > stableMs) this.failures = 0;
    this.connectedAt = undefined;
  }

  /** Milliseconds until the next attempt. */
  next(): number {
    const ceilingMs = this.refused
      ? refusedMs
      : Math.min(this.maxMs, firstMs * 2 ** Math.min(this.failures, 10));
    this.failures++;
    return Math.round(ceilingMs * (0.5 + Math.random() / 2));
  }
}
