import { setImmediate } from 'node:timers/promises';
import { IllegalOperationError, type ConfirmChannel, type Message, type Options } from 'amqplib';
import type { BrokerConnection, BrokerState } from './broker-connection.js';
import { HeaderTable } from './header-table.js';
import type { Messages, OutgoingMessage } from './message.js';
import {
  BrokerBlocked,
  BrokerUnreachable,
  ConfirmTimeout,
  PublishRefused,
  Unpublishable,
  Unroutable,
} from './publish-failures.js';
import type { PublisherOptions } from './publisher-options.js';
import type { SignsOfLife } from './signs-of-life.js';

/** So many messages leave in one system call: about as much as the socket takes. */
const messagesInBurst = 64;

/**
 * Publishes all, then awaits all confirms; see `Publisher.publishAll` for what it throws.
 * @param onLeft called when all have left and none has failed so far
 */
export async function publishPipelined(
  connection: BrokerConnection,
  channel: ConfirmChannel,
  messages: Messages,
  options: PublisherOptions,
  signs: SignsOfLife,
  onLeft: () => void,
): Promise<void> {
  const slice = new SliceInFlight(connection, channel, messages, options, signs);
  try {
    if (await slice.publish()) onLeft();
    await slice.confirmed;
  } finally {
    slice.release();
  }
}

/** amqplib hands frames to the socket in the next turn of the event loop. */
async function left(): Promise<void> {
  await setImmediate();
  await setImmediate();
}

/** Messages on their way over one channel. No promise for each: callbacks count the confirms. */
class SliceInFlight {
  readonly confirmed: Promise<void>;
  private readonly resolve: () => void;
  private readonly reject: (failure: Error) => void;
  private readonly settled: Uint8Array;
  private readonly headers = new HeaderTable();
  private readonly user: string;
  private readonly returned = new Set<string>();
  private readonly refused: string[] = [];
  private unpublishable: Unpublishable | undefined;
  /** The ids of what was published so far. The messages themselves are not kept. */
  private readonly published: string[] = [];
  private hasRoom = true;
  private answered = 0;
  /** Nothing more is published; what is on its way is still awaited, so that the failure tells all there is to tell. */
  private stopped = false;
  private over = false;
  private lastSignAt = performance.now();
  private timer: NodeJS.Timeout;
  private channelError: Error | undefined;
  private readonly unsubscribe: () => void;

  constructor(
    private readonly connection: BrokerConnection,
    private readonly channel: ConfirmChannel,
    private readonly messages: Messages,
    private readonly options: PublisherOptions,
    private readonly signs: SignsOfLife,
  ) {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    promise.catch(() => {}); // it may reject before it is awaited
    this.confirmed = promise;
    this.resolve = resolve;
    this.reject = reject;
    this.user = connection.user;
    this.settled = new Uint8Array(messages.length);
    channel.on('return', this.onReturn);
    channel.on('error', this.onError);
    channel.prependListener('close', this.onClose); // before amqplib tells each callback, which cannot know why
    this.unsubscribe = connection.subscribe(this.onState);
    this.timer = setTimeout(this.onDeadline, options.confirmTimeoutMs);
  }

  /** @returns whether all have left, and none has failed so far */
  async publish(): Promise<boolean> {
    while (this.published.length < this.messages.length && !this.stopped && !this.over)
      await this.sendBurst();
    const isWhole = !this.stopped && !this.over;
    this.stopped = true;
    this.settleIfAnswered();
    return isWhole;
  }

  private async sendBurst(): Promise<void> {
    const release = this.connection.collectWrites();
    try {
      const end = Math.min(this.published.length + messagesInBurst, this.messages.length);
      while (this.published.length < end) {
        if (this.stopped || this.over) return;
        this.send(this.published.length);
      }
      await Promise.race([left(), this.confirmed]);
    } finally {
      release();
    }
    if (!this.hasRoom) await this.room();
  }

  release(): void {
    this.over = true;
    clearTimeout(this.timer);
    this.unsubscribe();
    this.channel.off('return', this.onReturn);
    this.channel.off('error', this.onError);
    this.channel.off('close', this.onClose);
  }

  private send(index: number): void {
    const message = this.messageAt(index);
    try {
      this.hasRoom = this.channel.publish(
        this.options.exchange,
        message.routingKey,
        message.body,
        propertiesOf(message, this.headers.holding(message.headers), this.user),
        (refusal: unknown) => this.onAnswer(index, refusal),
      );
      this.published.push(message.messageId);
    } catch (error) {
      if (error instanceof IllegalOperationError) this.failUnreachable();
      else {
        // Nothing of it has been sent, and the channel is as it was.
        this.unpublishable = new Unpublishable(
          message.messageId,
          'unencodable',
          error instanceof Error ? error.message : String(error),
        );
        this.stopped = true;
      }
    }
  }

  /** Resolves when there is room for more, or the slice is over. */
  private async room(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.channel.once('drain', resolve);
    await Promise.race([promise, this.confirmed]);
    this.hasRoom = true;
    this.lastSignAt = performance.now();
  }

  private onAnswer(index: number, refusal: unknown): void {
    if (this.over) return;
    this.settled[index] = 1;
    this.answered++;
    this.lastSignAt = performance.now();
    this.signs.seen();
    if (refusal) {
      this.refused.push(this.published[index] ?? '');
      this.stopped = true; // later messages must not overtake this one
    }
    this.settleIfAnswered();
  }

  private settleIfAnswered(): void {
    if (!this.stopped || this.answered < this.published.length || this.over) return;
    if (this.refused.length > 0) this.fail(new PublishRefused(this.refused));
    else if (this.returned.size > 0) this.fail(new Unroutable([...this.returned]));
    else if (this.unpublishable !== undefined) this.fail(this.unpublishable);
    else this.resolve();
  }

  private readonly onReturn = ({ properties }: Message): void => {
    const messageId = String(properties.messageId);
    if (!this.published.includes(messageId)) return;
    this.returned.add(messageId);
    this.stopped = true;
  };

  private readonly onError = (error: Error): void => {
    this.channelError = error;
  };

  private readonly onClose = (): void => {
    if (this.channelError === undefined) this.failUnreachable();
    else this.fail(this.refusalBecause(this.channelError.message));
  };

  private readonly onState = (state: BrokerState): void => {
    if (state.kind === 'blocked') this.fail(new BrokerBlocked(state.reason));
  };

  private readonly onDeadline = (): void => {
    const leftMs = this.signs.leftMs(this.lastSignAt);
    if (leftMs > 0) this.timer = setTimeout(this.onDeadline, Math.ceil(leftMs));
    else this.fail(new ConfirmTimeout(this.unsettled()));
  };

  /** The connection tells why it was lost in this same turn, after its channels. */
  private failUnreachable(): void {
    this.over = true;
    queueMicrotask(() => {
      const { state } = this.connection;
      this.reject(new BrokerUnreachable(state.kind === 'down' ? state.cause : 'the channel was closed'));
    });
  }

  private refusalBecause(reason: string): Error {
    const size = /message size (\d+) .*larger than/.exec(reason)?.[1];
    const tooLarge = this.published.find(
      (_, index) => !this.settled[index] && this.messageAt(index).body.length === Number(size),
    );
    return tooLarge === undefined
      ? new PublishRefused(this.unsettled(), reason)
      : new Unpublishable(tooLarge, 'too-big', reason);
  }

  private fail(failure: Error): void {
    if (this.over) return;
    this.over = true;
    this.reject(failure);
  }

  private unsettled(): string[] {
    return this.published.filter((_, index) => !this.settled[index]);
  }

  private messageAt(index: number): OutgoingMessage {
    const message = this.messages.at(index);
    if (message === undefined) throw new Error('Bug: there are fewer messages than were announced');
    return message;
  }
}

function propertiesOf(
  message: OutgoingMessage,
  headers: OutgoingMessage['headers'],
  userId: string,
): Options.Publish {
  return {
    persistent: true,
    mandatory: true,
    messageId: message.messageId,
    type: message.type,
    contentType: message.contentType,
    appId: message.appId,
    userId,
    headers,
    timestamp: Math.floor(message.timestamp.getTime() / 1000),
  };
}
