import { randomBytes } from 'node:crypto';
import { connect, type ConsumeMessage } from 'amqplib';
import { BrokerAdmin } from '../broker-admin.js';
import { BrokerConnection, type BrokerState } from '../broker-connection.js';
import type { OutgoingMessage } from '../message.js';
import { setUpBroker, type BrokerSetup } from '../set-up-broker.js';
import { testBrokerSettings } from './settings.js';

/** Part of the RabbitMQ that the test run started, for one test file: its own vhost and users, gone afterwards. */
export class TestBroker {
  readonly port: number;
  readonly setup: BrokerSetup;
  readonly admin: BrokerAdmin;
  private readonly connections: BrokerConnection[] = [];

  private constructor(shards: number) {
    const { adminUrl, port } = testBrokerSettings();
    this.port = port;
    const id = randomBytes(4).toString('hex');
    const relay = { user: `relay-${id}`, password: 'relay:p@ss/wörd' };
    const ledger = { user: `ledger-${id}`, password: 'ledger' };
    this.setup = { adminUrl, vhost: `test-${id}`, shards, relay, ledger };
    this.admin = new BrokerAdmin(adminUrl);
  }

  static async start(shards = 2): Promise<TestBroker> {
    const broker = new TestBroker(shards);
    await setUpBroker(broker.setup);
    return broker;
  }

  url(user: 'relay' | 'ledger', { port = this.port, password = this.setup[user].password } = {}): string {
    const { user: name } = this.setup[user];
    return `amqp://${name}:${encodeURIComponent(password)}@127.0.0.1:${port}/${this.setup.vhost}`;
  }

  /** A connection that is closed when the broker is. */
  connect(
    user: 'relay' | 'ledger',
    options: {
      port?: number;
      password?: string;
      heartbeatSeconds?: number;
      onState?: (state: BrokerState) => void;
    } = {},
  ): BrokerConnection {
    const { heartbeatSeconds, onState } = options;
    const connection = new BrokerConnection({
      url: this.url(user, options),
      name: user,
      heartbeatSeconds,
      onState,
    });
    this.connections.push(connection);
    return connection;
  }

  async connected(...args: Parameters<TestBroker['connect']>): Promise<BrokerConnection> {
    const connection = this.connect(...args);
    await eventually(() => connection.state.kind === 'up');
    return connection;
  }

  /** Takes what is ready in a queue, oldest first. */
  async take(queue: string): Promise<ConsumeMessage[]> {
    const link = await connect(this.url('ledger'));
    try {
      const channel = await link.createChannel();
      const taken: ConsumeMessage[] = [];
      await channel.consume(queue, (message) => message !== null && taken.push(message));
      // Once is not enough: what a lost consumer held comes back a little later, and a queue whose leader is slow to
      // answer is said to be empty.
      let emptyLooks = 0;
      await eventually(async () => {
        const before = taken.length;
        const { messageCount } = await channel.checkQueue(queue);
        emptyLooks = messageCount === 0 && taken.length === before ? emptyLooks + 1 : 0;
        return emptyLooks >= 20;
      });
      const last = taken.at(-1);
      if (last !== undefined) channel.ack(last, true);
      await channel.close();
      return taken;
    } finally {
      await link.close();
    }
  }

  async deleteBindings(queue: string): Promise<void> {
    const path = ['bindings', this.setup.vhost, 'e', 'payments', 'q', queue];
    for (const { properties_key: key } of (await this.admin.ask('GET', path)) as { properties_key: string }[])
      await this.admin.ask('DELETE', [...path, key]);
  }

  async stop(): Promise<void> {
    await Promise.all(this.connections.map((connection) => connection.close()));
    await this.admin.ask('DELETE', ['vhosts', this.setup.vhost]);
    for (const { user } of [this.setup.relay, this.setup.ledger])
      await this.admin.ask('DELETE', ['users', user]);
  }
}

/** Messages of one shard, with ids `<name>-0`, `<name>-1`, … */
export function messages(name: string, count: number, { shard = 0, bodyBytes = 20 } = {}): OutgoingMessage[] {
  return Array.from({ length: count }, (_, index) => ({
    messageId: `${name}-${index}`,
    type: 'payment.accepted',
    routingKey: `payment.accepted.${shard}`,
    body: Buffer.alloc(bodyBytes, 'x'),
    contentType: 'application/cloudevents+json',
    appId: 'payments',
    headers: { key: `${name}-${index}`, schemaversion: 1 },
    timestamp: new Date(),
  }));
}

export const ids = (all: readonly { messageId?: string }[]): string[] =>
  all.map(({ messageId }) => messageId ?? '');
export const takenIds = (all: readonly ConsumeMessage[]): string[] =>
  all.map(({ properties }) => String(properties.messageId));

/** Waits until a condition holds. */
export async function eventually(
  condition: () => boolean | Promise<boolean>,
  withinMs = 10_000,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`never came true: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** What a promise is rejected with. */
export async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}
