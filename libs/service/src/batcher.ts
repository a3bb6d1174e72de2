/** More wait than may, or the batches before it took so long: this item was not begun. */
export class TooManyWait extends Error {
  constructor() {
    super('more requests wait than may, or for longer than they may');
  }
}

/**
 * Natural batching: what arrives while a batch is in flight forms the next one; what arrives alone goes at once.
 * No timer, so no added delay: the busier the system, the larger the batches.
 */
export class Batcher<Item, Result> {
  private readonly waiting: {
    item: Item;
    since: number;
    resolve: (result: Result) => void;
    reject: (error: unknown) => void;
  }[] = [];
  private busyLanes = 0;
  private flushScheduled = false;
  private onIdle: (() => void)[] = [];

  /**
   * @param run       answers a batch with one result for each item, in order; when it throws, each item's `add` throws that
   * @param maxWaitMs what has waited longer is not begun any more: its `add` throws TooManyWait. Default: for ever
   */
  constructor(
    private readonly options: {
      maxSize: number;
      lanes: number;
      run: (items: Item[]) => Promise<Result[]>;
      maxWaitMs?: number;
    },
  ) {}

  add(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ item, since: performance.now(), resolve, reject });
      this.schedule();
    });
  }

  /** How many items wait for their batch. */
  get backlog(): number {
    return this.waiting.length;
  }

  /** Resolves when nothing waits and no batch is in flight. */
  async idle(): Promise<void> {
    if (this.busyLanes === 0 && this.waiting.length === 0) return;
    await new Promise<void>((resolve) => this.onIdle.push(resolve));
  }

  // After the current burst of I/O callbacks, so that requests that were read together share a batch.
  private schedule(): void {
    if (this.flushScheduled || this.busyLanes >= this.options.lanes || this.waiting.length === 0) return;
    this.flushScheduled = true;
    setImmediate(() => {
      this.flushScheduled = false;
      void this.flush();
    });
  }

  // What waits is in the order it came.
  private giveUpOverdue(): void {
    const { maxWaitMs = Infinity } = this.options;
    const latest = performance.now() - maxWaitMs;
    while ((this.waiting[0]?.since ?? Infinity) < latest) this.waiting.shift()?.reject(new TooManyWait());
  }

  private async flush(): Promise<void> {
    this.giveUpOverdue();
    if (this.waiting.length === 0) return this.tellIdle();
    this.busyLanes++;
    const batch = this.waiting.splice(0, this.options.maxSize);
    this.schedule(); // another lane may be free for the rest
    try {
      const results = await this.options.run(batch.map(({ item }) => item));
      if (results.length !== batch.length) throw new Error('Bug: a batch was not answered item by item');
      batch.forEach(({ resolve }, index) => resolve(results[index] as Result));
    } catch (error) {
      batch.forEach(({ reject }) => reject(error));
    } finally {
      this.busyLanes--;
      this.schedule();
      this.tellIdle();
    }
  }

  private tellIdle(): void {
    if (this.busyLanes === 0 && this.waiting.length === 0)
      this.onIdle.splice(0).forEach((resolve) => resolve());
  }
}
