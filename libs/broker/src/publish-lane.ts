import type { ConfirmChannel } from 'amqplib';
import type { BrokerConnection } from './broker-connection.js';
import { closeChannel } from './close-channel.js';
import type { Messages } from './message.js';
import { BrokerUnreachable } from './publish-failures.js';
import { publishPipelined } from './publish-pipelined.js';
import type { PublisherOptions } from './publisher-options.js';
import type { SignsOfLife } from './signs-of-life.js';
import { within } from './within.js';

/** How long a failed publish waits for the broker's answer that its channel is closed, in milliseconds. */
const closeGraceMs = 1_000;

/** One confirm channel at a time, opened when it is needed. The next one is opened only when the last is closed. */
export class PublishLane {
  private channel: ConfirmChannel | undefined;
  private opening: Promise<ConfirmChannel> | undefined;
  private retiring: Promise<void> = Promise.resolve();
  private sending = false;

  constructor(
    private readonly connection: BrokerConnection,
    private readonly options: PublisherOptions,
    private readonly signs: SignsOfLife,
  ) {}

  async publishAll(messages: Messages, onLeft: () => void = () => {}): Promise<void> {
    if (this.sending)
      throw new Error('Bug: two publishes at a time on one lane; their messages would be mixed');
    if (messages.length === 0) return;
    this.sending = true;
    let channel: ConfirmChannel | undefined;
    let hasLeft = false;
    const left = () => {
      hasLeft = true;
      this.sending = false;
      onLeft();
    };
    try {
      this.connection.assertPublishable();
      channel = await this.openChannel();
      await publishPipelined(this.connection, channel, messages, this.options, this.signs, left);
    } catch (failure) {
      if (channel) await this.retire(channel);
      throw failure;
    } finally {
      if (!hasLeft) this.sending = false; // else it may be the next ones' turn
    }
  }

  async close(): Promise<void> {
    if (this.channel !== undefined) await this.retire(this.channel);
  }

  private async openChannel(): Promise<ConfirmChannel> {
    if (this.channel !== undefined) return this.channel;
    // Frames of two channels take turns on the wire: what a channel still holds could come after the next one's.
    await this.inTime(this.retiring, 'the broker does not close a channel');
    this.opening ??= this.connection
      .openConfirmChannel()
      .then((channel) => this.adopt(channel))
      .finally(() => (this.opening = undefined));
    return this.inTime(this.opening, 'the broker does not open a channel');
  }

  private adopt(channel: ConfirmChannel): ConfirmChannel {
    channel.once('close', () => {
      if (this.channel === channel) this.channel = undefined;
    });
    return (this.channel = channel);
  }

  private async retire(channel: ConfirmChannel): Promise<void> {
    if (this.channel === channel) {
      this.channel = undefined;
      this.retiring = closeChannel(channel);
    }
    // Blocked, the broker reads neither the publishes nor the close: the lane stays shut until it does.
    if (this.connection.state.kind !== 'blocked') await within(closeGraceMs, this.retiring);
  }

  /** A broker that answers heartbeats and nothing else is not waited for: the connection is given up. */
  private async inTime<T>(answer: Promise<T>, silence: string): Promise<T> {
    const answered = await within(this.options.confirmTimeoutMs, answer);
    if (answered !== undefined) return answered.value;
    this.connection.assertPublishable();
    this.connection.cut(silence);
    throw new BrokerUnreachable(silence);
  }
}
