import { randomBytes } from 'node:crypto';
import { BrokerConnection, Consumer, setUpBroker, type BrokerSetup, type Delivery } from '@paid-once/broker';
import { ledgerQueue } from '@paid-once/contracts';
import { connectLinks, startStandIn, type LinkControl, type StandIn } from '@paid-once/links';
import { freePorts } from '@paid-once/infrastructure';

/** A vhost of a test's own, the link that payments publishes through, and the ledger's end of the queues. */
export class BrokerRig {
  readonly delivered: Delivery[] = [];

  private constructor(
    private readonly setup: BrokerSetup,
    /** As payments logs in, through the link `payments-rabbitmq`. */
    readonly amqpUrl: string,
    readonly links: LinkControl,
    private readonly standIn: StandIn,
    private readonly connection: BrokerConnection,
    private readonly consumer: Consumer,
  ) {}

  static async create(): Promise<BrokerRig> {
    const { TEST_AMQP_ADMIN_URL: adminUrl = '', TEST_AMQP_PORT: port } = process.env;
    const name = randomBytes(6).toString('hex');
    const user = (role: string) => ({ user: `${role}-${name}`, password: name });
    const users = { relay: user('relay'), ledger: user('ledger'), payments: user('payments') };
    const setup = { adminUrl, vhost: `payments-${name}`, shards: 4, ...users };
    await setUpBroker(setup);
    const standIn = await startStandIn({ port: 0 });
    const links = connectLinks(standIn.url);
    const [linkPort] = await freePorts(1);
    const listen = `127.0.0.1:${linkPort}`;
    await links.populate([
      { name: 'payments-rabbitmq', listen, upstream: `127.0.0.1:${port}`, enabled: true },
    ]);
    const url = (role: keyof typeof users, at: string) =>
      `amqp://${users[role].user}:${name}@${at}/${setup.vhost}`;
    const connection = new BrokerConnection({ url: url('ledger', `127.0.0.1:${port}`), name: 'test' });
    const rig: BrokerRig = new BrokerRig(
      setup,
      url('payments', listen),
      links,
      standIn,
      connection,
      new Consumer(connection, {
        queues: [0, 1, 2, 3].map(ledgerQueue),
        prefetch: 1_000,
        onDelivery: (delivery) => rig.delivered.push(delivery),
        onLost: () => {},
      }),
    );
    return rig;
  }

  /** Who is connected now, as a user of this vhost: RabbitMQ tells it a few seconds late. */
  async connections(user: string): Promise<number> {
    const listed = (await this.ask('GET', `vhosts/${this.setup.vhost}/connections`)) as { user: string }[];
    return listed.filter((connection) => connection.user === user).length;
  }

  get paymentsUser(): string {
    return this.setup.payments?.user ?? '';
  }

  async drop(): Promise<void> {
    await this.consumer.close();
    await this.connection.close();
    await this.standIn.stop();
    const { relay, ledger, vhost } = this.setup;
    await this.ask('DELETE', `vhosts/${vhost}`);
    for (const user of [relay.user, ledger.user, this.paymentsUser])
      await this.ask('DELETE', `users/${user}`);
  }

  private async ask(method: string, path: string): Promise<unknown> {
    const { username, password, origin } = new URL(this.setup.adminUrl);
    const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    const answer = await fetch(`${origin}/api/${path}`, { method, headers: { authorization } });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }
}
