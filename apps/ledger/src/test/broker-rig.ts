import {
  BrokerConnection,
  Consumer,
  Publisher,
  readyMessages,
  setUpBroker,
  type BrokerSetup,
  type Delivery,
} from '@paid-once/broker';
import { ledgerQueue, parkedQueue, paymentsExchange, routingKey } from '@paid-once/contracts';
import type { Message } from '@paid-once/inbox';
import { randomBytes } from 'node:crypto';
import { shardOf } from '../transfers.js';
import { eventually } from './eventually.js';
import { messageOf, payment } from './payment-messages.js';

export const queuesOfShards = '^ledger\\.payments\\.\\d+$';

/** A vhost of its own on the test server, with the relay's end of it. */
export class BrokerRig {
  private readonly connection: BrokerConnection;
  private readonly publisher: Publisher;

  private constructor(
    private readonly setup: BrokerSetup,
    readonly port: string,
  ) {
    this.connection = new BrokerConnection({ url: this.url('relay'), name: 'test relay' });
    this.publisher = new Publisher(this.connection, { exchange: paymentsExchange, confirmTimeoutMs: 10_000 });
  }

  /** @param server the run's own broker, unless another is given */
  static async create(server?: { adminUrl: string; amqpPort: number }): Promise<BrokerRig> {
    const adminUrl = server?.adminUrl ?? process.env['TEST_AMQP_ADMIN_URL'];
    const port = server ? String(server.amqpPort) : process.env['TEST_AMQP_PORT'];
    if (!adminUrl || !port)
      throw new Error('the test servers are not running: TEST_AMQP_ADMIN_URL is not set');
    const name = randomBytes(6).toString('hex');
    const user = (role: string) => ({ user: `${role}-${name}`, password: name });
    const setup = {
      adminUrl,
      vhost: `ledger-${name}`,
      shards: 4,
      relay: user('relay'),
      ledger: user('ledger'),
    };
    await setUpBroker(setup);
    return new BrokerRig(setup, port);
  }

  url(role: 'relay' | 'ledger', port: string | number = this.port): string {
    const { user, password } = this.setup[role];
    return `amqp://${user}:${password}@127.0.0.1:${port}/${this.setup.vhost}`;
  }

  get relayUser(): string {
    return this.setup.relay.user;
  }

  /** As an administrator may, by hand: the message says nobody, or whom it likes. @throws the broker refuses it */
  async forge(
    { messageId, type = '', queue, contentType, headers, body }: Message,
    userId?: string,
  ): Promise<void> {
    await this.ask('POST', `exchanges/${this.setup.vhost}/${paymentsExchange}/publish`, {
      properties: {
        message_id: messageId,
        type,
        content_type: contentType,
        headers,
        delivery_mode: 2,
        ...(userId !== undefined && { user_id: userId }),
      },
      routing_key: routingKey(type, shardOf(queue)),
      payload: body.toString('base64'),
      payload_encoding: 'base64',
    });
  }

  /** As the relay does; the headers of these are text and numbers. */
  async publish(messages: (Message & { messageId: string })[]): Promise<void> {
    while (this.connection.state.kind !== 'up') await new Promise((resolve) => setImmediate(resolve));
    await this.publisher.publishAll(
      0,
      messages.map(({ messageId, type = '', queue, contentType = '', headers, body }) => ({
        messageId,
        type,
        contentType,
        body,
        appId: 'payments',
        timestamp: new Date(),
        headers: headers as Record<string, string | number>,
        routingKey: routingKey(type, shardOf(queue)),
      })),
    );
  }

  /**
   * How many messages the ledger has not acknowledged, counted by taking them all. Exact, once the ledger has let go of
   * the queues; the server's own figures are seconds old, and it cannot be asked for single messages of such queues.
   */
  async left(): Promise<number> {
    const queues = Array.from({ length: this.setup.shards }, (_, shard) => ledgerQueue(shard));
    const markers = queues.map((queue) => messageOf('no run', payment(), 'payment.accepted', { queue }));
    await this.publish(markers);
    const connection = new BrokerConnection({ url: this.url('ledger'), name: 'test' });
    const found = new Map<number, Delivery>();
    const consumer = new Consumer(connection, {
      queues,
      prefetch: 10_000,
      onDelivery: (delivery) => found.set(delivery.deliveryTag, delivery),
      onLost: () => found.clear(),
    });
    const missing = new Set(markers.map(({ messageId }) => messageId));
    try {
      await eventually(() => {
        for (const { messageId = '' } of found.values()) missing.delete(messageId);
        return missing.size === 0;
      }, 60_000);
      const last = [...found.values()].at(-1);
      if (last) consumer.ackUpTo(last);
      return found.size - markers.length;
    } finally {
      await consumer.close();
      await connection.close();
    }
  }

  /** How many deliveries are not acknowledged, as of a few seconds ago. */
  async unacknowledged(): Promise<number> {
    let sum = 0;
    for (let shard = 0; shard < this.setup.shards; shard++) {
      const queue = await this.ask('GET', `queues/${this.setup.vhost}/${ledgerQueue(shard)}`);
      sum += ((await queue.json()) as { messages_unacknowledged?: number }).messages_unacknowledged ?? 0;
    }
    return sum;
  }

  /** Of each consumer of payments, whether it acknowledges what it gets. */
  async consumersAcknowledge(): Promise<boolean[]> {
    const answer = await this.ask('GET', `consumers/${this.setup.vhost}`);
    const consumers = (await answer.json()) as { ack_required: boolean; queue: { name: string } }[];
    return consumers
      .filter(({ queue }) => queue.name !== parkedQueue)
      .map(({ ack_required }) => ack_required);
  }

  /** Makes the broker give these up: they grow too old in their queues, which nobody may consume meanwhile. */
  async letDie(messages: (Message & { messageId: string })[]): Promise<void> {
    const before = await this.deadLetters();
    await this.policy('die', queuesOfShards, { 'message-ttl': 1 });
    await this.publish(messages);
    await eventually(async () => (await this.deadLetters()) === before + messages.length);
    await this.policy('die');
  }

  /** How many dead letters nobody was given. */
  async deadLetters(): Promise<number> {
    return await this.ready(parkedQueue);
  }

  /** How many messages of a queue nobody was given. */
  async ready(queue: string): Promise<number> {
    return await this.withConnection((connection) => readyMessages(connection, queue));
  }

  /** How often deliveries were repeated, as of a few seconds ago. */
  async redelivered(queue: string): Promise<number> {
    const answer = await this.ask('GET', `queues/${this.setup.vhost}/${queue}`);
    const { message_stats: stats } = (await answer.json()) as { message_stats?: { redeliver?: number } };
    return stats?.redeliver ?? 0;
  }

  /** How many dead letters of this queue the broker could not bring to their target, as of a few seconds ago. */
  async diedButNotForwarded(queue: string): Promise<number> {
    const answer = await this.ask('GET', `queues/${this.setup.vhost}/${queue}`);
    return ((await answer.json()) as { messages_dlx?: number }).messages_dlx ?? 0;
  }

  /** A policy of the vhost; without a definition it is removed. */
  async policy(name: string, pattern?: string, definition?: Record<string, unknown>): Promise<void> {
    const path = `policies/${this.setup.vhost}/${name}`;
    if (definition) await this.ask('PUT', path, { pattern, definition, 'apply-to': 'queues' });
    else await this.ask('DELETE', path);
  }

  async deleteQueue(queue: string): Promise<void> {
    await this.ask('DELETE', `queues/${this.setup.vhost}/${queue}`);
  }

  /**
   * Takes all messages of a queue, five at a time, and puts some of them back: they then stand behind others.
   * @returns how many messages now stand before one that was published before them
   */
  async disorder(queue: string, messages: number): Promise<number> {
    return await this.withConnection(async (connection) => {
      const putBack = await connection.openChannel();
      await putBack.prefetch(5);
      let taken = 0;
      await putBack.consume(queue, (delivery) => {
        if (delivery && ++taken % 3 === 0 && taken < messages) putBack.nack(delivery, false, true);
      });
      await eventually(() => taken >= 5);
      await putBack.close();
      const look = await connection.openChannel();
      await look.prefetch(1_000);
      const order: string[] = [];
      await look.consume(queue, (delivery) => delivery && order.push(String(delivery.properties.messageId)));
      await eventually(() => order.length === messages);
      await look.close();
      return order.filter((id, position) => id > (order[position + 1] ?? id)).length;
    });
  }

  /** Whatever is missing is made again. */
  async setUpAgain(): Promise<void> {
    await setUpBroker(this.setup);
  }

  private async withConnection<Result>(
    work: (connection: BrokerConnection) => Promise<Result>,
  ): Promise<Result> {
    const connection = new BrokerConnection({ url: this.url('ledger'), name: 'test' });
    try {
      await eventually(() => connection.state.kind === 'up');
      return await work(connection);
    } finally {
      await connection.close();
    }
  }

  async drop(): Promise<void> {
    await this.publisher.closeLane(0);
    await this.connection.close();
    await this.ask('DELETE', `vhosts/${this.setup.vhost}`);
    for (const { user } of [this.setup.relay, this.setup.ledger]) await this.ask('DELETE', `users/${user}`);
  }

  /** RabbitMQ's management API, as its administrator. */
  async ask(method: string, path: string, body?: object): Promise<Response> {
    const { username, password, origin } = new URL(this.setup.adminUrl);
    const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    const answer = await fetch(`${origin}/api/${path}`, {
      method,
      headers: { authorization, 'content-type': 'application/json' },
      body: body && JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  }
}
