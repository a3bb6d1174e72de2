import { BrokerConnection, purgeQueues, readyMessages } from '@paid-once/broker';
import { ledgerQueue, scopes } from '@paid-once/contracts';
import { freePorts, startServers, type Servers } from '@paid-once/infrastructure';
import { shardCount } from '@paid-once/outbox';
import { Client } from 'pg';
import { issueKey } from '../../apps/cli/src/set-up/manage-keys.js';
import { setUpSystem } from '../../apps/cli/src/set-up/set-up-system.js';
import type { ServiceName } from '../../apps/cli/src/services.js';
import { randomPasswords } from '../../apps/cli/src/stack/passwords.js';
import { stackEnvironment, withInherited } from '../../apps/cli/src/stack/stack-environment.js';
import { SupervisedService } from '../../apps/cli/src/stack/supervised-service.js';
import { say } from './say.js';

/** Durable servers as in production: fsync and synchronous_commit are on. What is set here only gives them room. */
const postgresSettings = {
  shared_buffers: '1GB',
  max_wal_size: '8GB',
  checkpoint_timeout: '30min',
  wal_level: 'logical', // some peers read the log
  max_connections: 200,
};

const ledgerQueues = Array.from({ length: shardCount }, (_, shard) => ledgerQueue(shard));

/** Our system without the links between its parts, which would cost CPU of the same machine. */
export class BenchSystem {
  private readonly clients: Client[] = [];

  private constructor(
    readonly servers: Servers,
    readonly env: Record<string, string>,
    readonly payments: Client,
    readonly ledger: Client,
    /** The administrator's. */
    readonly broker: BrokerConnection,
  ) {}

  static async start(): Promise<BenchSystem> {
    const servers = await startServers({ kind: 'local', durable: true, keep: false, postgresSettings, say });
    const { paymentsDb, ledgerDb, broker } = servers;
    const [payments = 0, ledger = 0, relay = 0] = await freePorts(3);
    const env = withoutLinks(
      stackEnvironment({
        servers: {
          paymentsAdminDb: paymentsDb.adminUrl('payments'),
          ledgerAdminDb: ledgerDb.adminUrl('ledger'),
          brokerAdmin: broker.adminUrl,
          brokerUpstream: `127.0.0.1:${broker.amqpPort}`,
          vhost: broker.vhost,
        },
        passwords: randomPasswords(),
        ports: { payments, ledger, relay, link: 0, toxiproxy: 0 },
        linkPorts: {
          paymentsPostgres: paymentsDb.port,
          relayPostgres: paymentsDb.port,
          ledgerPostgres: ledgerDb.port,
          paymentsRabbitmq: broker.amqpPort,
          relayRabbitmq: broker.amqpPort,
          ledgerRabbitmq: broker.amqpPort,
        },
        lab: false,
      }),
    );
    await setUpSystem({ env: withInherited(env), say: () => {} });
    const { key } = await issueKey(withInherited(env), { client: 'bench', scopes: [...scopes] });
    process.env['BENCH_API_KEY'] = key; // what wrk inherits
    const ledgerOwner = await connected(ledgerDb.adminUrl('ledger'));
    await ledgerOwner.query('SET session_replication_role = replica'); // transfers are append-only
    return new BenchSystem(
      servers,
      env,
      await connected(paymentsDb.adminUrl('payments')),
      ledgerOwner,
      await connectedBroker(broker.adminAmqpUrl, 'bench'),
    );
  }

  /** Starts one of our services and waits until it is ready. */
  async startService(
    service: ServiceName,
    extra: Record<string, string> = {},
    onLine: (line: string) => void = (line) => /warn|error/i.test(line) && say(`  ${service}: ${line}`),
  ): Promise<SupervisedService> {
    const started = new SupervisedService({
      service,
      name: service,
      url: this.urlOf(service),
      env: withInherited({ ...this.env, ...extra }),
      restart: false,
      onLine,
      say,
    });
    await started.ready();
    return started;
  }

  urlOf(service: ServiceName): string {
    return this.env[`PAID_ONCE_${service.toUpperCase()}_URL`] ?? '';
  }

  /** Another superuser's connection, such as for a transaction that is held open. */
  async connect(database: 'payments' | 'ledger'): Promise<Client> {
    const client = await connected(this.servers[`${database}Db`].adminUrl(database));
    this.clients.push(client);
    return client;
  }

  /** A database of its own for somebody else's tables, made anew. */
  async emptyDatabase(name: string, server: 'paymentsDb' | 'ledgerDb' = 'paymentsDb'): Promise<string> {
    const admin = server === 'paymentsDb' ? this.payments : this.ledger;
    await admin.query(
      `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = '${name}'`,
    );
    await admin.query(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`);
    await this.servers[server].createDatabase(name);
    return this.servers[server].adminUrl(name);
  }

  /** No payment, no message, no transfer, and nothing in the queues. Progress stays: it is about transactions, not rows. */
  async clear(): Promise<void> {
    await Promise.all([
      this.payments.query('TRUNCATE payment_event, outbox_message, outbox_dead_letter'),
      this.ledger.query('TRUNCATE transfer, transfer_link, account, inbox_message, parked_message'),
      purgeQueues(this.broker, ledgerQueues),
    ]);
    // The next run starts with nothing of this one left to be written.
    await Promise.all([this.payments.query('CHECKPOINT'), this.ledger.query('CHECKPOINT')]);
  }

  async removeQueue(name: string): Promise<void> {
    const channel = await this.broker.openChannel();
    await channel.deleteQueue(name);
    await channel.close();
  }

  async runId(): Promise<string> {
    const { rows } = await this.payments.query<{ run_id: string }>('SELECT run_id FROM outbox_settings');
    return rows[0]?.run_id ?? '';
  }

  /** How many messages wait in the ledger's queues: exact, where nobody consumes them. */
  async messagesInQueues(): Promise<number> {
    const counts = await Promise.all(ledgerQueues.map((queue) => readyMessages(this.broker, queue)));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  async stop(): Promise<void> {
    await Promise.all([this.payments, this.ledger, ...this.clients].map((client) => client.end()));
    await this.broker.close();
    await this.servers.stop();
  }
}

function withoutLinks(env: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/TOXIPROXY|_LINK_/.test(name)));
}

async function connected(connectionString: string): Promise<Client> {
  const client = new Client({ connectionString });
  client.on('error', () => {}); // it ends with its server when this breaks off
  await client.connect();
  return client;
}

export async function connectedBroker(url: string, name: string): Promise<BrokerConnection> {
  const broker = new BrokerConnection({ url, name });
  await new Promise<void>((resolve) => broker.subscribe(({ kind }) => kind === 'up' && resolve()));
  return broker;
}
