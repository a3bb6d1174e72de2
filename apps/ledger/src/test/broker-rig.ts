import {
  BrokerConnection,
  Consumer,
  Publisher,
  setUpBroker,
  type BrokerSetup,
  type Delivery,
} from '@paid-once/broker';
import { ledgerQueue, paymentsExchange, routingKey } from '@paid-once/contracts';
import type { Message } from '@paid-once/inbox';
import { randomBytes } from 'node:crypto';
import { shardOf } from '../transfers.js';
import { eventually } from './eventually.js';
import { messageOf, payment } from './payment-messages.js';

/** A vhost of its own on the test server, with the relay's end of it. */
export class BrokerRig {
  private readonly connection: BrokerConnection;
  private readonly publisher: Publisher;

  private constructor(
    private readonly setup: BrokerSetup,
    private readonly port: string,
  ) {
    this.connection = new BrokerConnection({ url: this.url('relay'), name: 'test relay' });
    this.publisher = new Publisher(this.connection, { exchange: paymentsExchange, confirmTimeoutMs: 10_000 });
  }

  static async create(): Promise<BrokerRig> {
    const { TEST_AMQP_ADMIN_URL: adminUrl, TEST_AMQP_PORT: port } = process.env;
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

  url(role: 'relay' | 'ledger'): string {
    const { user, password } = this.setup[role];
    return `amqp://${user}:${password}@127.0.0.1:${this.port}/${this.setup.vhost}`;
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

  /** Of each consumer, whether it acknowledges what it gets. */
  async consumersAcknowledge(): Promise<boolean[]> {
    const consumers = await this.ask('GET', `consumers/${this.setup.vhost}`);
    return ((await consumers.json()) as { ack_required: boolean }[]).map(({ ack_required }) => ack_required);
  }

  async drop(): Promise<void> {
    await this.publisher.closeLane(0);
    await this.connection.close();
    await this.ask('DELETE', `vhosts/${this.setup.vhost}`);
    for (const { user } of [this.setup.relay, this.setup.ledger]) await this.ask('DELETE', `users/${user}`);
  }

  private async ask(method: string, path: string): Promise<Response> {
    const { username, password, origin } = new URL(this.setup.adminUrl);
    const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    const answer = await fetch(`${origin}/api/${path}`, {
      method,
      headers: { authorization },
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  }
}
