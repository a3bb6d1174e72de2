import type { Channel } from 'amqplib';
import type { BrokerConnection } from '../broker-connection.js';
import { closeChannel } from '../close-channel.js';
import type { ConsumerState } from '../consumer.js';
import { deliveryOf } from '../delivery.js';
import type { Delivery } from '../message.js';
import { purgeQueues } from '../purge-queues.js';
import { ReconnectDelays } from '../reconnect-delays.js';
import { within } from '../within.js';

export interface AutoAckConsumerOptions {
  queues: readonly string[];
  /** The broker has forgotten it already. */
  onDelivery(delivery: Delivery): void;
}

/** How long the broker's answers are waited for, in milliseconds. */
const answerTimeoutMs = 10_000;

/**
 * Consumes with automatic acknowledgement: the broker sends all it has at once, and takes each message for settled when
 * it has written it to the socket. Begins with `resume`; subscribes anew when its connection comes back.
 */
export class AutoAckConsumer {
  private channel: Channel | undefined;
  private current: ConsumerState = { kind: 'waiting', cause: 'not subscribed yet' };
  private wanted = false;
  private subscribing: Promise<void> | undefined;
  private consumerTags: string[] = [];
  private closing: Promise<void> = Promise.resolve();
  private retry: NodeJS.Timeout | undefined;
  private readonly delays = new ReconnectDelays();
  private readonly unsubscribe: () => void;

  constructor(
    private readonly connection: BrokerConnection,
    private readonly options: AutoAckConsumerOptions,
  ) {
    this.unsubscribe = connection.subscribe(() => this.subscribe());
  }

  get state(): ConsumerState {
    if (this.current.kind === 'waiting' && this.wanted && this.connection.state.kind === 'down')
      return { kind: 'waiting', cause: this.connection.state.cause };
    return this.current;
  }

  resume(): void {
    this.wanted = true;
    this.subscribe();
  }

  /** Resolves when nothing more will be delivered. What the broker had sent before it knew is delivered first. */
  async pause(): Promise<void> {
    this.wanted = false;
    clearTimeout(this.retry);
    await within(answerTimeoutMs, this.subscribing ?? Promise.resolve());
    const { channel } = this;
    if (channel !== undefined) {
      // Closed without being cancelled, a channel would drop what is on its way, and nobody has it any more.
      const cancelled = Promise.all(this.consumerTags.map((tag) => channel.cancel(tag))).catch(() => {});
      await within(answerTimeoutMs, cancelled);
      this.lose(channel, 'paused');
      await within(answerTimeoutMs, this.closing);
    }
    this.current = { kind: 'waiting', cause: 'paused' };
  }

  /**
   * Empties the queues.
   * @throws BrokerUnreachable
   */
  purge(): Promise<void> {
    return purgeQueues(this.connection, this.options.queues);
  }

  async close(): Promise<void> {
    this.unsubscribe();
    await this.pause();
  }

  private subscribe(): void {
    if (this.channel !== undefined || !this.wanted || this.connection.state.kind === 'down') return;
    clearTimeout(this.retry);
    this.subscribing ??= this.consumeAll().finally(() => (this.subscribing = undefined));
  }

  private async consumeAll(): Promise<void> {
    let channel: Channel | undefined;
    try {
      channel = await this.connection.openChannel();
      if (!this.wanted) return void closeChannel(channel);
      this.accept(channel);
      for (const queue of this.options.queues) await this.consume(channel, queue);
      if (this.channel !== channel) return;
      this.delays.connected();
      this.current = { kind: 'consuming', queues: this.options.queues };
    } catch (error) {
      const cause = error instanceof Error ? error.message : String(error);
      if (channel === undefined) this.retryLater(cause);
      else this.lose(channel, cause);
    }
  }

  private accept(channel: Channel): void {
    let cause = 'the connection was lost';
    channel.on('error', (error: Error) => (cause = error.message));
    channel.once('close', () => this.lose(channel, cause));
    this.channel = channel;
    this.consumerTags = [];
  }

  private async consume(channel: Channel, queue: string): Promise<void> {
    const { consumerTag } = await channel.consume(
      queue,
      (message) => {
        if (this.channel !== channel) return;
        if (message !== null) this.options.onDelivery(deliveryOf(channel, queue, message));
        else this.lose(channel, `the broker cancelled queue ${queue}: it was deleted, or lost its leader`);
      },
      { noAck: true },
    );
    this.consumerTags.push(consumerTag);
  }

  private lose(channel: Channel, cause: string): void {
    if (this.channel !== channel) return;
    this.channel = undefined;
    this.closing = closeChannel(channel);
    this.retryLater(cause);
  }

  private retryLater(cause: string): void {
    this.current = { kind: 'waiting', cause };
    if (!this.wanted) return;
    this.delays.lost({ refused: false });
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.subscribe(), this.delays.next());
  }
}
