/** Something that happens when the payer has come so far. */
export interface Step {
  /** Of the rows, in percent: those after it start when the step is taken. */
  after: number;
  /** What holds from then on, in a few words. */
  state: string;
  /** Resolves when it holds. */
  take: () => Promise<void>;
}

/**
 * Faults by the progress of rows, not by the clock, so that each chapter meets the same ones however fast it is. The
 * payer waits at each step until it is taken: a fast chapter cannot be over before a fault has come into force.
 */
export class Schedule {
  /** What holds now. */
  state = '';
  /** How long the payer was held, in milliseconds. */
  heldMs = 0;
  private readonly steps: Step[];
  private taking: Promise<void> = Promise.resolve();

  constructor(
    private readonly rows: number,
    steps: readonly Step[],
  ) {
    this.steps = steps.toSorted((a, b) => a.after - b.after);
  }

  /** Resolves when this row may start. @param row 1-based; rows come in their order @throws what a step threw */
  beforeRow(row: number): Promise<void> {
    return (this.taking = this.taking.then(() => this.takeUpTo(((row - 1) / this.rows) * 100)));
  }

  /** Takes what is left: the last rows may have failed before they started. */
  finish(): Promise<void> {
    return (this.taking = this.taking.then(() => this.takeUpTo(100)));
  }

  private async takeUpTo(percent: number): Promise<void> {
    for (;;) {
      const [next] = this.steps;
      if (next === undefined || next.after > percent) return;
      this.steps.shift();
      const startedAt = performance.now();
      await next.take();
      this.heldMs += performance.now() - startedAt;
      this.state = next.state;
    }
  }
}
