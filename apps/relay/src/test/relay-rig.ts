import { randomBytes } from 'node:crypto';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { BrokerConnection, Consumer, setUpBroker, type BrokerSetup, type Delivery } from '@paid-once/broker';
import { ledgerQueue } from '@paid-once/contracts';
import { ApiKey, ApiKeys } from '@paid-once/credentials';
import {
  enqueue,
  outboxEntities,
  outboxMigrations,
  shardCount,
  wakeRelays,
  type NewMessage,
} from '@paid-once/outbox';
import { createHttpApplication, postgresOptions } from '@paid-once/service';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { asDescribed } from '../../../../test/support/as-described.js';
import { keyForAll, showing } from '../../../../test/support/with-key.js';
import { RelayModule } from '../relay.module.js';

export interface TestServers {
  TEST_PAYMENTS_ADMIN_URL?: string;
  TEST_AMQP_ADMIN_URL?: string;
  TEST_AMQP_PORT?: string;
}

/** What the relay may do in the payments database, and no more: the list for setup. */
const relayGrants = `
  GRANT SELECT ON outbox_message, outbox_settings, outbox_progress, outbox_dead_letter, api_key TO ROLE;
  GRANT INSERT ON outbox_progress, outbox_dead_letter TO ROLE;
  GRANT SELECT, INSERT, UPDATE ON outbox_marker, outbox_intervention TO ROLE;
  GRANT DELETE, UPDATE (reason, detail) ON outbox_dead_letter TO ROLE`;

/** A relay between an outbox and a vhost of its own, and the ledger's end of its queues. */
export class RelayRig {
  readonly deliveries: Delivery[] = [];
  private readonly apps: NestFastifyApplication[] = [];
  private readonly ledger: BrokerConnection;

  private constructor(
    private readonly server: string,
    private readonly name: string,
    readonly database: DataSource,
    private readonly brokerSetup: BrokerSetup,
    private readonly amqpPort: string,
    private readonly key: string,
  ) {
    this.ledger = new BrokerConnection({ url: this.amqpUrl('ledger'), name: 'test ledger' });
    const consumer: Consumer = new Consumer(this.ledger, {
      queues: Array.from({ length: shardCount }, (_, shard) => ledgerQueue(shard)),
      prefetch: 1_000,
      onDelivery: (delivery) => {
        this.deliveries.push(delivery);
        consumer.ackUpTo(delivery);
      },
      onLost: () => {},
    });
  }

  static async create(servers: TestServers): Promise<RelayRig> {
    const { TEST_PAYMENTS_ADMIN_URL: server, TEST_AMQP_ADMIN_URL: adminUrl, TEST_AMQP_PORT: port } = servers;
    if (!server || !adminUrl || !port) throw new Error('the test servers are not running');
    const name = `relay_${randomBytes(6).toString('hex')}`;
    await onServer(server, `CREATE DATABASE ${name}; CREATE ROLE ${name} LOGIN PASSWORD 'secret'`);
    const url = databaseUrl(server, name);
    const options = {
      url,
      process: 'test',
      poolSize: 5,
      entities: [...outboxEntities, ApiKey],
      migrations: [...outboxMigrations, ApiKeys],
    };
    const database = await new DataSource(postgresOptions(options)).initialize();
    await database.runMigrations();
    await database.query(relayGrants.replaceAll('ROLE', name));
    const user = (role: string) => ({ user: `${role}-${name}`, password: 'secret' });
    const setup = { adminUrl, vhost: name, shards: shardCount, relay: user('relay'), ledger: user('ledger') };
    await setUpBroker(setup);
    return new RelayRig(server, name, database, setup, port, await keyForAll(url));
  }

  amqpUrl(role: 'relay' | 'ledger', port = this.amqpPort): string {
    const { user, password } = this.brokerSetup[role];
    return `amqp://${user}:${password}@127.0.0.1:${port}/${this.brokerSetup.vhost}`;
  }

  async start({
    amqpPort,
    databasePort,
    repairEvery = 0,
    replayPerSecond = 100,
    ledgerUrl = 'http://127.0.0.1:1',
  }: {
    amqpPort?: string;
    databasePort?: string;
    repairEvery?: number;
    replayPerSecond?: number;
    ledgerUrl?: string;
  } = {}) {
    const url = new URL(databaseUrl(this.server, this.name));
    Object.assign(url, {
      username: this.name,
      password: 'secret',
      ...(databasePort && { port: databasePort }),
    });
    const app = await createHttpApplication(
      RelayModule.with({
        PAID_ONCE_LAB: false,
        PAID_ONCE_HOST: '127.0.0.1',
        PAID_ONCE_RELAY_PORT: 0,
        PAID_ONCE_RELAY_DB_URL: url.href,
        PAID_ONCE_RELAY_AMQP_URL: this.amqpUrl('relay', amqpPort),
        PAID_ONCE_DB_TIMEOUT_MS: 6_000,
        PAID_ONCE_REQUEST_TIMEOUT_MS: 15_000,
        PAID_ONCE_MAX_CONNECTIONS: 10_000,
        PAID_ONCE_REQUESTS_PER_SECOND: 0,
        PAID_ONCE_HEARTBEAT_SECONDS: 5,
        PAID_ONCE_RELAY_CONFIRM_TIMEOUT_MS: 30_000, // a late confirm repeats messages, and here they are counted
        PAID_ONCE_RELAY_SLICE: 100,
        PAID_ONCE_RETENTION_EVERY_SECONDS: 60,
        PAID_ONCE_OUTBOX_RETENTION_MINUTES: 60,
        PAID_ONCE_INBOX_RETENTION_MINUTES: 60,
        PAID_ONCE_REPAIR_EVERY_SECONDS: repairEvery,
        PAID_ONCE_LEDGER_URL: ledgerUrl,
        PAID_ONCE_RELAY_LEDGER_KEY: undefined,
        PAID_ONCE_REPLAY_PER_SECOND: replayPerSecond,
        PAID_ONCE_STUCK_SECONDS: 60,
      }),
      false,
    );
    this.apps.push(showing(this.key, app));
    await app.init();
    await app.getHttpAdapter().getInstance().ready();
    return asDescribed(app);
  }

  async enqueue(...messages: NewMessage[]): Promise<void> {
    await this.database.transaction((tx) => enqueue(tx, messages));
    wakeRelays(this.database);
  }

  /** Payments of EUR 1, each its own. */
  payments(count: number): NewMessage[] {
    return Array.from({ length: count }, () => {
      const paymentId = `01920000-0000-7000-8000-${randomBytes(6).toString('hex')}`;
      const data = {
        paymentId,
        src: 'bianca',
        dest: 'marc',
        amountMinor: '100',
        currency: 'EUR',
        reference: null,
      };
      return { type: 'payment.accepted', key: paymentId, payload: JSON.stringify(data) };
    });
  }

  /** The ids of the messages that no verified marker vouches for. */
  async unverified(): Promise<string[]> {
    const rows = await this.database.query<{ message_id: string }[]>(
      `SELECT message_id
         FROM outbox_message AS message
        WHERE NOT EXISTS (SELECT
                            FROM outbox_marker AS marker
                           WHERE marker.shard = message.shard
                             AND verified_at IS NOT NULL
                             AND pg_visible_in_snapshot(message.xid, marker.base))`,
    );
    return rows.map(({ message_id }) => message_id);
  }

  /** Binds the queues of all shards, or takes their bindings away: whatever is published then is returned. */
  async setRoutable(routable: boolean): Promise<void> {
    if (routable) return setUpBroker(this.brokerSetup);
    const { origin, username, password } = new URL(this.brokerSetup.adminUrl);
    const headers = { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
    for (let shard = 0; shard < shardCount; shard++) {
      const path = `${origin}/api/bindings/${this.name}/e/payments/q/${ledgerQueue(shard)}`;
      const bindings = (await (await fetch(path, { headers })).json()) as { properties_key: string }[];
      for (const { properties_key: key } of bindings)
        await fetch(`${path}/${encodeURIComponent(key)}`, { method: 'DELETE', headers });
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.apps.map((app) => app.close()));
    await this.ledger.close();
    await this.database.destroy();
    await onServer(this.server, `DROP DATABASE ${this.name} WITH (FORCE)`);
    await onServer(this.server, `DROP ROLE ${this.name}`);
    const { origin, username, password } = new URL(this.brokerSetup.adminUrl);
    const headers = { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
    await fetch(`${origin}/api/vhosts/${this.name}`, { method: 'DELETE', headers });
  }
}

function databaseUrl(server: string, name: string): string {
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

async function onServer(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  for (const statement of sql.split('; ')) await client.query(statement);
  await client.end();
}
