import { Logger } from '@nestjs/common';
import type { Consumer, Delivery } from '@paid-once/broker';
import { backOff, inTransaction, pause, reasonOf } from '@paid-once/service';
import { setImmediate } from 'node:timers/promises';
import type { DataSource, EntityManager } from 'typeorm';
import { fingerprintOf, type Parking, type ParkReason } from './park.js';
import { parkUnlessArrived } from './park-unless-arrived.js';
import { isSuspicious, SuspiciousTry } from './started-attempts.js';
import { emptyTally, sumTallies, type Tally } from './tally.js';
import { faultOfMessages } from './whose-fault.js';

export type BatchStep = 'before-transaction' | 'after-commit' | 'after-ack';
export type ConsumerState = Consumer['state'];
export type Subscription = Pick<Consumer, 'ackUpTo' | 'state' | 'pause' | 'resume' | 'purge' | 'close'>;

/** What a subscription reports; `BatchConsumer` gives it to `subscribe`. */
export interface DeliveryListener {
  onDelivery(delivery: Delivery): void;
  onLost(): void;
}

/** After many deliveries the next ones come soon, and in a larger batch each costs less. One alone waits for nothing. */
const rest = { eachMs: 0.5, maxMs: 100 };

const untraced = (_batch: Delivery[], work: () => Promise<Tally>) => work();

interface Held {
  delivery: Delivery;
  /** Which channel it came from: when that is gone, the broker delivers it again, and this copy is forgotten. */
  channel: number;
}

/**
 * Settles deliveries in batches, in the order they came, one batch at a time: what arrives during a batch is the next. After
 * a large one it rests, so that the next is large, too.
 * A delivery is acknowledged only after the commit of what it caused, or of its being parked. While the database is away
 * deliveries are kept; the prefetch limit then stops the broker, so nothing is redelivered in circles.
 */
export class BatchConsumer {
  private readonly logger = new Logger('inbox');
  private readonly subscription: Subscription;
  private readonly held: Held[] = [];
  private settling: Promise<void> | undefined;
  private channel = 0;
  private stopped = false;
  private stalled: string | undefined;
  private stopping = new AbortController();
  private counted = { batches: 0, ...emptyTally() };

  /**
   * @param subscribe starts the consumption; ONE channel for all queues, because a multiple-ack settles a batch
   * @param lock      keeps other processes from handling deliveries of these queues until the transaction ends
   * @param handle    makes deliveries take effect, or parks them, in the transaction; what it throws undoes all of it
   * @param about   what a line of the log about a message carries beside its text
   * @param onTally   told of each batch when it is committed
   * @param traced    does this work, and tells whoever traces it
   * @param onStep    tells where a batch is: for tests of what a crash there does
   */
  constructor(
    private readonly options: {
      database: DataSource;
      subscribe: (listener: DeliveryListener) => Subscription;
      maxBatch: number;
      lock: (tx: EntityManager, deliveries: Delivery[]) => Promise<void>;
      handle: (tx: EntityManager, deliveries: Delivery[]) => Promise<Tally>;
      about: (delivery: Delivery) => object;
      onTally?: (tally: Tally) => void;
      traced?: (batch: Delivery[], work: () => Promise<Tally>) => Promise<Tally>;
      onStep: (step: BatchStep) => void;
    },
  ) {
    this.subscription = options.subscribe({
      onDelivery: (delivery) => {
        if (this.stopped) return;
        this.held.push({ delivery, channel: this.channel });
        this.settling ??= this.settleAll();
      },
      onLost: () => this.forgetNotBegun(),
    });
  }

  get state(): ConsumerState {
    return this.stalled ? { kind: 'waiting', cause: this.stalled } : this.subscription.state;
  }

  /** Since the process started. */
  get counts(): Readonly<{ batches: number } & Tally> {
    return this.counted;
  }

  /** Begins no new batch, settles the one in hand, closes the channel: what is left goes back to its queue, in order. */
  async pause(): Promise<void> {
    await this.stop();
    await this.subscription.pause();
  }

  resume(): void {
    this.stopping = new AbortController();
    this.stopped = false;
    this.subscription.resume();
  }

  /** Empties the queues; what is in hand is not in them. */
  async purge(): Promise<void> {
    await this.subscription.purge();
  }

  /** As `pause`, for good. Cancelling first would hand the next messages to another process while these are open. */
  async close(): Promise<void> {
    await this.stop();
    await this.subscription.close();
  }

  private async stop(): Promise<void> {
    this.stopped = true;
    this.forgetNotBegun();
    await this.settling;
  }

  private forgetNotBegun(): void {
    this.channel++;
    this.stopping.abort();
    if (!this.stopped) this.stopping = new AbortController();
  }

  private async settleAll(): Promise<void> {
    do {
      await setImmediate(); // what is read from the socket together shares a batch
      const batch = this.held.splice(0, this.options.maxBatch);
      await this.settleInOrder(batch);
      if (this.held.length < this.options.maxBatch) await this.restAfter(batch.length);
    } while (this.held.length > 0);
    this.settling = undefined;
  }

  private async restAfter(deliveries: number): Promise<void> {
    const restMs = Math.min(deliveries * rest.eachMs, rest.maxMs);
    if (restMs >= 1) await pause(restMs, this.stopping.signal);
  }

  private async settleInOrder(items: Held[]): Promise<void> {
    let together: Held[] = [];
    for (const held of items) {
      if (!isSuspicious(held.delivery, this.channel)) together.push(held);
      else {
        await this.settle(together);
        together = [];
        await this.settle([held], this.suspiciousTry(held));
      }
    }
    await this.settle(together);
  }

  /** Returns when these are acknowledged, or forgotten. Tries for as long as the fault is not theirs. */
  private async settle(items: Held[], suspicious?: SuspiciousTry): Promise<void> {
    let parking: Parking | undefined;
    for (const delayMs of backOff({ firstMs: 50, maxMs: 1_000 })) {
      const batch = items.filter(({ channel }) => channel === this.channel).map(({ delivery }) => delivery);
      const last = batch.at(-1);
      if (!last) {
        this.stalled = undefined;
        return;
      }
      const failure = await this.takeEffect(batch, parking, suspicious).then(
        (tally) => this.count(tally),
        (error: unknown) => ({ error }),
      );
      if (!failure) {
        this.subscription.ackUpTo(last);
        return this.options.onStep('after-ack');
      }
      const fault = faultOfMessages(failure.error);
      if (!fault) await suspicious?.takeBack();
      if (fault && batch.length > 1) {
        for (const held of items) await this.settle([held]);
        return;
      }
      if (fault && !parking) parking = this.parkingOf(last, fault, failure.error);
      else await this.stall(failure.error, delayMs);
    }
  }

  private suspiciousTry({ delivery }: Held): SuspiciousTry {
    return new SuspiciousTry(this.options.database, { ...delivery, fingerprint: fingerprintOf(delivery) });
  }

  private parkingOf(message: Delivery, reason: ParkReason, error: unknown): Parking {
    const isBug = reason === 'poison' && error instanceof Error;
    const said = isBug ? error.stack : reasonOf(error);
    this.logger.warn(`a message is parked as ${reason}: ${said}`, this.options.about(message));
    return { message, reason, detail: reasonOf(error) };
  }

  private async takeEffect(
    batch: Delivery[],
    parking: Parking | undefined,
    suspicious: SuspiciousTry | undefined,
  ): Promise<Tally> {
    const { database, lock, handle, onStep, traced = untraced } = this.options;
    onStep('before-transaction');
    if (!parking) await suspicious?.beginUnlessDeadly();
    const tally = await traced(batch, () =>
      inTransaction(database, async (tx) => {
        if (parking) await lock(tx, batch);
        const result = await (parking ? parkUnlessArrived(tx, [parking]) : handle(tx, batch));
        await suspicious?.end(tx);
        return result;
      }),
    );
    onStep('after-commit');
    return tally;
  }

  private async stall(error: unknown, delayMs: number): Promise<void> {
    this.stalled = reasonOf(error instanceof Error && error.cause ? error.cause : error);
    await pause(delayMs, this.stopping.signal);
  }

  private count(tally: Tally): void {
    this.stalled = undefined;
    this.counted = { batches: this.counted.batches + 1, ...sumTallies(this.counted, tally) };
    this.options.onTally?.(tally);
  }
}
