import { Logger } from '@nestjs/common';
import type { Delivery } from '@paid-once/broker';
import type { AutoAckConsumer } from '@paid-once/broker/lab';
import { emptyTally, sumTallies, type Tally } from '@paid-once/inbox';
import { faultPoint, inTransaction, pause, reasonOf } from '@paid-once/service';
import type { DataSource, EntityManager } from 'typeorm';
import { aboutDelivery } from '../../about-delivery.js';

type Subscription = Pick<AutoAckConsumer, 'state' | 'pause' | 'resume' | 'purge' | 'close'>;

const finishWithinMs = 5_000;

/**
 * Chapter 1: the broker counts each message as settled when it sends it. Each is tried once, in a transaction of its
 * own, as many at a time as there are connections (one is left for others); until then it is in memory, and nowhere
 * else. What fails is logged, and gone.
 */
export class PostOnArrival {
  private readonly logger = new Logger('chapter 1');
  private readonly subscription: Subscription;
  private readonly lanes: number;
  private inMemory: Delivery[] = [];
  private inFlight = 0;
  private holding = true;
  private onRest: (() => void)[] = [];
  private counted = { batches: 0, ...emptyTally() };

  constructor(
    private readonly options: {
      database: DataSource;
      subscribe: (onDelivery: (delivery: Delivery) => void) => Subscription;
      handle: (tx: EntityManager, deliveries: Delivery[]) => Promise<Tally>;
      onTally?: (tally: Tally) => void;
    },
  ) {
    this.lanes = Math.max(1, (options.database.options.poolSize ?? 10) - 1);
    this.subscription = options.subscribe((delivery) => {
      this.inMemory.push(delivery);
      this.go();
    });
  }

  get state(): Subscription['state'] {
    return this.subscription.state;
  }

  get counts(): Readonly<{ batches: number } & Tally> {
    return this.counted;
  }

  /** Takes what comes, and posts it. */
  receive(): void {
    this.finish();
    this.subscription.resume();
  }

  /** Posts what it has. */
  finish(): void {
    this.holding = false;
    this.go();
  }

  /** Takes nothing more and begins nothing more; resolves when what was begun has ended. */
  async hold(): Promise<void> {
    this.holding = true;
    await this.subscription.pause();
    await this.rest();
  }

  /** Resolves when nothing is in flight, and nothing in memory unless that is held. */
  async rest(): Promise<void> {
    if (this.inFlight > 0) await new Promise<void>((resolve) => this.onRest.push(resolve));
  }

  /** Empties the queues and the memory. @throws BrokerUnreachable then nothing is forgotten */
  async purge(): Promise<void> {
    await this.subscription.purge();
    this.inMemory = [];
  }

  /** Told to stop, it posts what it has, if that can be done soon. */
  async close(): Promise<void> {
    await this.subscription.close();
    this.finish();
    const patience = new AbortController();
    await Promise.race([this.rest(), pause(finishWithinMs, patience.signal)]);
    patience.abort();
    this.holding = true;
  }

  private go(): void {
    while (!this.holding && this.inFlight < this.lanes) {
      const delivery = this.inMemory.shift();
      if (delivery === undefined) return;
      this.inFlight++;
      void this.post(delivery).finally(() => this.ended());
    }
  }

  private ended(): void {
    this.inFlight--;
    this.go();
    if (this.inFlight === 0) for (const resolve of this.onRest.splice(0)) resolve();
  }

  private async post(delivery: Delivery): Promise<void> {
    try {
      faultPoint('ledger.before-transaction');
      const tally = await inTransaction(this.options.database, (tx) => this.options.handle(tx, [delivery]));
      faultPoint('ledger.after-commit');
      this.counted = { batches: this.counted.batches + 1, ...sumTallies(this.counted, tally) };
      this.options.onTally?.(tally);
    } catch (error) {
      const cause = reasonOf(error instanceof Error && error.cause ? error.cause : error);
      this.logger.error(
        `a message is lost, it was acknowledged when it was sent: ${cause}`,
        aboutDelivery(delivery),
      );
    }
  }
}
