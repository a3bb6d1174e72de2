/**
 * Lets so many pieces of work run at a time, the others wait for their turn, in order: what is long but not urgent may
 * not take all of a pool's connections from what is.
 */
export class Turns {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly atATime: number) {}

  async take<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.running < this.atATime) this.running++;
    else await new Promise<void>((resolve) => this.waiting.push(resolve)); // the place is handed over, never free
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.running--;
      else next();
    }
  }
}
