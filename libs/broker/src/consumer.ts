import type { Channel, ConsumeMessage } from 'amqplib';
import type { BrokerConnection } from './broker-connection.js';
import { closeChannel } from './close-channel.js';
import { ReconnectDelays } from './reconnect-delays.js';
import { channelOf, deliveryOf } from './delivery.js';
import type { Delivery } from './message.js';
import { purgeQueues } from './purge-queues.js';
import { within } from './within.js';

export interface ConsumerOptions {
  queues: readonly string[];
  /**
   * How many unacked deliveries each queue may have out, 1 to 65,535. It counts per queue, not per channel: quorum queues
   * refuse a limit for the channel. A batch of n deliveries from one queue can fill only if this is at least n, and up to
   * `queues × prefetch` deliveries are in memory.
   */
  prefetch: number;
  onDelivery(delivery: Delivery): void;
  /** The channel is gone, for whatever reason: what is unsettled comes again, in order. Forget it. */
  onLost(): void;
}

export type ConsumerState =
  { kind: 'consuming'; queues: readonly string[] } | { kind: 'waiting'; cause: string };

/** How long closing waits for the broker's answer, in milliseconds. */
const closeTimeoutMs = 2_000;

/**
 * Consumes its queues over one channel, so that one ack settles a batch, and subscribes anew for as long as it takes.
 * It never cancels: the broker would hand the next messages of a single-active-consumer queue to somebody else while
 * these are unacked, and overtake them. It closes the channel, and what is unacked goes back in order.
 */
export class Consumer {
  private channel: Channel | undefined;
  private current: ConsumerState = { kind: 'waiting', cause: 'not subscribed yet' };
  private wanted = true;
  private subscribing = false;
  private closing: Promise<unknown> = Promise.resolve();
  private retry: NodeJS.Timeout | undefined;
  private readonly delays = new ReconnectDelays();
  private readonly unsubscribe: () => void;

  constructor(
    private readonly connection: BrokerConnection,
    private readonly options: ConsumerOptions,
  ) {
    this.unsubscribe = connection.subscribe(() => void this.subscribe());
    void this.subscribe();
  }

  get state(): ConsumerState {
    if (this.current.kind === 'waiting' && this.wanted && this.connection.state.kind === 'down')
      return { kind: 'waiting', cause: this.connection.state.cause };
    return this.current;
  }

  /** Settles this delivery and all before it, of all queues. Harmless when its channel is gone: they come again. */
  ackUpTo(delivery: Delivery): void {
    const channel = channelOf(delivery);
    if (channel === this.channel) channel.ack(acknowledgeable(delivery), /* allUpTo */ true);
  }

  /** Closes the channel: what is unacked goes back in order. Resolves when the broker knows. */
  async pause(): Promise<void> {
    this.wanted = false;
    clearTimeout(this.retry);
    if (this.channel !== undefined) this.lose(this.channel, 'paused');
    this.become('paused');
    await within(closeTimeoutMs, this.closing);
  }

  resume(): void {
    this.wanted = true;
    void this.subscribe();
  }

  /**
   * Empties the queues of what nobody holds unacked.
   * @throws BrokerUnreachable
   */
  purge(): Promise<void> {
    return purgeQueues(this.connection, this.options.queues);
  }

  /** Acks that were sent arrive; what is unacked goes back in order. Close the connection after this, not before. */
  async close(): Promise<void> {
    this.unsubscribe();
    await this.pause();
  }

  private async subscribe(): Promise<void> {
    if (
      this.subscribing ||
      this.channel !== undefined ||
      !this.wanted ||
      this.connection.state.kind === 'down'
    )
      return;
    this.subscribing = true;
    clearTimeout(this.retry);
    let queue = '';
    let channel: Channel | undefined;
    try {
      await within(closeTimeoutMs, this.closing);
      channel = await this.connection.openChannel();
      this.accept(channel, () => queue);
      if (!this.wanted) return this.lose(channel, 'paused');
      await channel.prefetch(this.options.prefetch);
      for (queue of this.options.queues) await this.consume(channel, queue);
      if (this.channel !== channel) return;
      this.delays.connected();
      this.current = { kind: 'consuming', queues: this.options.queues };
    } catch (error) {
      if (channel === undefined) this.retryLater(reasonFor(queue, error));
      else this.lose(channel, reasonFor(queue, error));
    } finally {
      this.subscribing = false;
    }
  }

  private accept(channel: Channel, queueInQuestion: () => string): void {
    let cause = 'the connection was lost';
    channel.on('error', (error: Error) => (cause = reasonFor(queueInQuestion(), error)));
    channel.once('close', () => this.lose(channel, cause));
    this.channel = channel;
  }

  private async consume(channel: Channel, queue: string): Promise<void> {
    await channel.consume(queue, (message: ConsumeMessage | null) => {
      if (this.channel !== channel) return;
      if (message === null)
        this.lose(channel, `the broker cancelled queue ${queue}: it was deleted, or lost its leader`);
      else this.options.onDelivery(deliveryOf(channel, queue, message));
    });
  }

  private lose(channel: Channel, cause: string): void {
    if (this.channel !== channel) return;
    this.channel = undefined;
    this.closing = closeChannel(channel);
    this.retryLater(cause);
    this.options.onLost();
  }

  private retryLater(cause: string): void {
    this.become(cause);
    if (!this.wanted) return;
    this.delays.lost({ refused: false });
    clearTimeout(this.retry);
    this.retry = setTimeout(() => void this.subscribe(), this.delays.next());
  }

  private become(cause: string): void {
    this.current = { kind: 'waiting', cause };
  }
}

/** What amqplib reads of a message to acknowledge it. */
function acknowledgeable({ deliveryTag }: Delivery): ConsumeMessage {
  return { fields: { deliveryTag } } as ConsumeMessage;
}

function reasonFor(queue: string, error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return /404|NOT.FOUND/.test(text) ? `there is no queue ${queue} (${text}). Next: run setup.` : text;
}
