import type { Channel } from 'amqplib';
import { BrokerConnection } from '../broker-connection.js';
import { closeChannel } from '../close-channel.js';
import type { OutgoingMessage } from '../message.js';

/**
 * Publishes as code does that was written with a working broker in mind: transient, not mandatory, unconfirmed. Nobody
 * will ever learn whether a message arrived: not where the link was just cut, nor where no queue is bound, nor where the
 * broker is started anew with the message in it. For the lab, which shows what that costs.
 */
export class UnconfirmedPublisher {
  private readonly connection: BrokerConnection;
  private readonly unsubscribe: () => void;
  private channel: Channel | undefined;
  private unreachable = false;

  /** Starts connecting at once, and again whenever the connection is lost. */
  constructor(private readonly options: { url: string; name: string; exchange: string }) {
    const { url, name } = options;
    this.connection = new BrokerConnection({ url, name });
    this.unsubscribe = this.connection.subscribe(({ kind }) => {
      this.unreachable = kind === 'down';
      if (kind === 'up') void this.openChannel();
    });
  }

  /** Whether there is a channel to publish on: what is published while there is none is gone. */
  get connected(): boolean {
    return this.channel !== undefined;
  }

  /** Whether the last attempt to connect has failed; false while the first one is under way. */
  get away(): boolean {
    return this.unreachable;
  }

  /**
   * Hands the message to the socket, if there is one, and does not look back.
   * @returns what is known to have gone wrong, which is not everything that does; undefined if nothing is known
   */
  publish(message: OutgoingMessage): string | undefined {
    const { channel } = this;
    if (channel === undefined) {
      const { state } = this.connection;
      return state.kind === 'down' ? state.cause : 'there is no channel';
    }
    try {
      channel.publish(this.options.exchange, message.routingKey, message.body, {
        persistent: false,
        mandatory: false,
        messageId: message.messageId,
        type: message.type,
        contentType: message.contentType,
        appId: message.appId,
        userId: this.connection.user,
        headers: message.headers,
        timestamp: Math.floor(message.timestamp.getTime() / 1000),
      });
      return undefined; // a full socket buffer included: what waits in it dies with the process or the connection
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  async close(): Promise<void> {
    this.unsubscribe();
    this.channel = undefined;
    await this.connection.close();
  }

  private async openChannel(): Promise<void> {
    if (this.channel !== undefined) return;
    try {
      const channel = await this.connection.openChannel();
      if (this.channel !== undefined) return void closeChannel(channel); // two looked for one at a time
      this.channel = channel;
      channel.once('close', () => {
        if (this.channel !== channel) return;
        this.channel = undefined;
        // Closed by the broker alone, for a missing exchange or right: the connection is still up and tells nothing more.
        if (this.connection.state.kind === 'up') void this.openChannel();
      });
    } catch {
      // The connection was lost again: its next `up` opens the next channel.
    }
  }
}
