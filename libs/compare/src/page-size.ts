/** Milliseconds. A service's statements are ended after 5 s. */
const [short, long] = [250, 1_000];

/**
 * How much one statement reads: doubled after one that took little time, halved after one that took long. So a busy machine
 * or a slow disk makes the pages smaller, and no statement comes near its time limit.
 */
export class PageSize {
  private size: number;

  constructor(
    start: number,
    private readonly least: number,
    private readonly most: number,
  ) {
    this.size = Math.min(Math.max(Math.floor(start), least), most);
  }

  /** Runs a statement for so many; one that was ended for taking too long is tried again for fewer. */
  async timed<Result>(work: (size: number) => Promise<Result>): Promise<Result> {
    for (;;) {
      const before = performance.now();
      try {
        const result = await work(this.size);
        this.tookMs(performance.now() - before);
        return result;
      } catch (error) {
        if (!wasCancelled(error) || this.size === this.least) throw error;
        this.size = Math.max(this.least, Math.floor(this.size / 8));
      }
    }
  }

  /** @returns how much the next one reads */
  tookMs(ms: number): number {
    if (ms > long) this.size = Math.max(this.least, Math.floor(this.size / 2));
    else if (ms < short) this.size = Math.min(this.most, this.size * 2);
    return this.size;
  }
}

/** Postgres's code for a statement that ran into `statement_timeout`. */
function wasCancelled(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === '57014';
}
