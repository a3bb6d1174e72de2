import { backOff, pause } from '@paid-once/service';
import type { PassOutcome, RelayPass } from './relay-pass.js';

/** Between two attempts for a shard whose publishing fails, growing to this. */
const retryAfter = { firstMs: 200, maxMs: 2_000 };

/** Runs the passes of one owned shard, one at a time, when there is something to do. */
export class ShardLoop {
  /** Resolves when the last pass has ended. */
  readonly ended: Promise<void>;
  private readonly pass: RelayPass;
  private readonly stopping = new AbortController();
  private woken = Promise.withResolvers<void>();
  private resting = new AbortController();

  /** @param createPass is given what its pass asks before each slice */
  constructor(
    createPass: (isStopping: () => boolean) => RelayPass,
    private readonly onOutcome: (outcome: PassOutcome) => void,
  ) {
    this.pass = createPass(() => this.stopping.signal.aborted);
    this.ended = this.run();
  }

  /** Something may have been committed. */
  wake(): void {
    this.woken.resolve();
  }

  /** What failed may work now. */
  retry(): void {
    this.resting.abort();
  }

  /** After the slice in hand. */
  stop(): void {
    this.stopping.abort();
    this.retry();
    this.wake();
  }

  /** At once: what is asked of the database would be answered too late. */
  abandon(): void {
    this.stop();
    void this.pass.abandon();
  }

  private async run(): Promise<void> {
    let delays = backOff(retryAfter);
    while (!this.stopping.signal.aborted) {
      await this.woken.promise;
      this.woken = Promise.withResolvers();
      if (this.stopping.signal.aborted) break;
      const outcome = await this.pass.run();
      this.onOutcome(outcome);
      switch (outcome.kind) {
        case 'drained':
          delays = backOff(retryAfter);
          break;
        case 'more':
          delays = backOff(retryAfter);
          this.wake();
          break;
        case 'not-published':
        case 'database-lost':
        case 'other-server':
          await this.rest(delays.next().value);
          this.wake();
          break;
        case 'stopped':
        case 'lost-ownership':
          this.stop();
          break;
        default:
          unreachable(outcome);
      }
    }
    await this.pass.abandon();
    this.onOutcome({ kind: 'stopped' }); // whatever the last pass met is the next owner's now
  }

  private async rest(ms: number): Promise<void> {
    this.resting = new AbortController();
    if (this.stopping.signal.aborted) return;
    await pause(ms, this.resting.signal);
  }
}

function unreachable(outcome: never): never {
  throw new Error(`Bug: unknown outcome ${JSON.stringify(outcome)}`);
}
