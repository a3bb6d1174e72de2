import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import {
  BrokerConnection,
  Consumer,
  queueFigures,
  readyMessages,
  type QueueFigures,
} from '@paid-once/broker';
import { ledgerQueue, parkedQueue } from '@paid-once/contracts';
import { BatchConsumer, emptyTally, type ConsumerState } from '@paid-once/inbox';
import { addressOf, faultPoint, TemporarilyUnavailable } from '@paid-once/service';
import { DataSource } from 'typeorm';
import { aboutDelivery } from './about-delivery.js';
import { inLanes, type Consumption } from './consumption.js';
import { bridgeDeadLetters } from './dead-letter-bridge.js';
import { EndToEndTimes } from './end-to-end.js';
import { onlyTrusted } from './only-trusted.js';
import { postTransfers } from './post-transfers.js';
import { LEDGER_SETTINGS, type LedgerSettings } from './settings.js';
import { tracedDeliveries } from './traced-deliveries.js';
import { lockShards } from './transfers.js';

/** The queues of all shards, over one connection, into `postTransfers`. */
@Injectable()
export class PaymentsConsumer implements OnModuleDestroy {
  private connection: BrokerConnection | undefined;
  private consumer: Consumption | undefined;
  private queues: string[] = [];
  private ended = false;
  /** What the broker itself gave up. */
  bridge: Consumption | undefined;

  constructor(
    @InjectDataSource() protected readonly database: DataSource,
    @Inject(LEDGER_SETTINGS) private readonly settings: LedgerSettings,
    protected readonly endToEnd: EndToEndTimes,
  ) {}

  /**
   * Once the database has told how many shards there are; until then nothing could be posted anyway. Not if the process is
   * already ending: nobody would end this consumption.
   */
  start(shards: number): void {
    if (this.ended) return;
    const { PAID_ONCE_LEDGER_AMQP_URL: url, PAID_ONCE_HEARTBEAT_SECONDS: heartbeatSeconds } = this.settings;
    const { PAID_ONCE_RECONNECT_MAX_MS: maxReconnectDelayMs } = this.settings;
    this.connection ??= new BrokerConnection({ url, name: 'ledger', heartbeatSeconds, maxReconnectDelayMs });
    const queues = Array.from({ length: shards }, (_, shard) => ledgerQueue(shard));
    this.queues = [...queues, parkedQueue];
    this.consumer ??= this.consume(this.connection, queues);
    this.bridge ??= bridgeDeadLetters(this.database, this.connection, this.settings.PAID_ONCE_LEDGER_TRUSTS);
  }

  protected consume(connection: BrokerConnection, queues: string[], handle = postTransfers): Consumption {
    const { PAID_ONCE_LEDGER_PREFETCH: prefetch, PAID_ONCE_LEDGER_BATCH_SIZE: maxBatch } = this.settings;
    const lane = (some: string[]) =>
      new BatchConsumer({
        database: this.database,
        subscribe: (listener) => new Consumer(connection, { queues: some, prefetch, ...listener }),
        maxBatch,
        lock: lockShards,
        handle: onlyTrusted(this.settings.PAID_ONCE_LEDGER_TRUSTS, handle),
        about: aboutDelivery,
        onTally: ({ since = [] }) => this.endToEnd.posted(since),
        traced: tracedDeliveries,
        onStep: (step) => faultPoint(`ledger.${step}`),
      });
    return inLanes(queues, lane);
  }

  get state(): ConsumerState {
    return this.consumer?.state ?? { kind: 'waiting', cause: 'the database has not answered yet' };
  }

  get counts(): Consumption['counts'] {
    return this.consumer?.counts ?? { batches: 0, ...emptyTally() };
  }

  get brokerAddress(): string {
    return addressOf(this.settings.PAID_ONCE_LEDGER_AMQP_URL);
  }

  /** Null: the broker is away. */
  async deadLettersInBroker(): Promise<number | null> {
    return this.connection ? await readyMessages(this.connection, parkedQueue).catch(() => null) : null;
  }

  /** Of all it consumes; none while the broker is away. */
  async queueFigures(): Promise<QueueFigures[]> {
    return this.connection ? await queueFigures(this.connection, this.queues).catch(() => []) : [];
  }

  /** Runs `work` while nothing is consumed. @throws TemporarilyUnavailable nothing was ever consumed yet */
  async whilePaused<Result>(work: (queues: Pick<Consumption, 'purge'>) => Promise<Result>): Promise<Result> {
    const { consumer, bridge } = this;
    if (!consumer || !bridge)
      throw new TemporarilyUnavailable('The ledger has not reached its database yet.');
    const both = [consumer, bridge];
    await Promise.all(both.map((one) => one.pause()));
    try {
      return await work({ purge: async () => void (await Promise.all(both.map((one) => one.purge()))) });
    } finally {
      for (const one of both) one.resume();
    }
  }

  // Before the database is disconnected, which is done in a later phase: the batch in hand is committed and acked.
  async onModuleDestroy(): Promise<void> {
    this.ended = true;
    await Promise.all([this.consumer?.close(), this.bridge?.close()]);
    await this.connection?.close();
  }
}
