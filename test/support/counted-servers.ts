import { join } from 'node:path';
import { startPostgres, throwAwayDirectory, type PostgresServer } from '@paid-once/infrastructure';
import { Client } from 'pg';
import { setUpLedger } from '../../apps/ledger/src/set-up-ledger.js';
import { BrokerRig } from '../../apps/ledger/src/test/broker-rig.js';
import { setUpPayments } from '../../apps/payments/src/set-up-payments.js';
import { AmqpTraffic } from './amqp-traffic.js';
import type { Costs } from './costs-on-record.js';
import { CountingLink } from './counting-link.js';
import { PostgresTraffic } from './postgres-traffic.js';

/** What is written to the log is what the services write: no images of pages, no vacuum, nothing for standbys. */
const quiet = {
  autovacuum: 'off',
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: 0,
  checkpoint_timeout: '1d',
  max_wal_size: '8GB',
};

/** A Postgres server with the databases of both sides, and a vhost, behind links that count. */
export class CountedServers {
  private readonly postgresTraffic = new PostgresTraffic();
  private readonly amqpTraffic = new AmqpTraffic();
  private postgresLink!: CountingLink;
  private brokerLink!: CountingLink;

  private constructor(
    private readonly place: Awaited<ReturnType<typeof throwAwayDirectory>>,
    private readonly postgres: PostgresServer,
    private readonly broker: BrokerRig,
  ) {}

  static async start(): Promise<CountedServers> {
    const place = await throwAwayDirectory('costs');
    const postgres = await startPostgres({
      directory: join(place.path, 'postgres'),
      durable: false, // what is written is the same
      settings: quiet,
    });
    const servers = new CountedServers(place, postgres, await BrokerRig.create());
    servers.postgresLink = await CountingLink.to(postgres.port, servers.postgresTraffic.listen);
    servers.brokerLink = await CountingLink.to(Number(servers.broker.port), servers.amqpTraffic.listen);
    await servers.setUp();
    return servers;
  }

  databaseUrl(service: 'payments' | 'relay' | 'ledger'): string {
    const url = new URL(this.postgres.adminUrl(service === 'ledger' ? 'ledger' : 'payments'));
    Object.assign(url, { username: service, password: 'secret', port: this.postgresLink.port });
    return url.href;
  }

  brokerUrl(service: 'relay' | 'ledger'): string {
    return this.broker.url(service, this.brokerLink.port);
  }

  /** What passes the links and is written to the log meanwhile; nothing else may be going on. */
  async costOf(work: () => Promise<void>): Promise<Costs> {
    const before = await this.spent();
    await work();
    const after = await this.spent();
    return {
      statements: after.statements - before.statements,
      roundTrips: after.roundTrips - before.roundTrips,
      walBytes: after.walBytes - before.walBytes,
      amqpFrames: after.amqpFrames - before.amqpFrames,
    };
  }

  /** Asks one of the databases as its owner, past the links. */
  async sql<Row extends object>(
    side: 'payments' | 'ledger',
    text: string,
    values?: unknown[],
  ): Promise<Row[]> {
    const client = new Client({ connectionString: this.postgres.adminUrl(side) });
    await client.connect();
    try {
      return (await client.query<Row>(text, values)).rows;
    } finally {
      await client.end();
    }
  }

  async stop(): Promise<void> {
    await Promise.all([this.postgresLink.close(), this.brokerLink.close()]);
    await this.broker.drop();
    await this.postgres.stop({ quick: true });
    await this.place.remove();
  }

  private async setUp(): Promise<void> {
    for (const database of ['payments', 'ledger']) await this.postgres.createDatabase(database);
    const { runId, shards } = await setUpPayments(
      {
        admin: this.postgres.adminUrl('payments'),
        payments: this.databaseUrl('payments'),
        relay: this.databaseUrl('relay'),
      },
      false,
    );
    await setUpLedger({
      adminUrl: this.postgres.adminUrl('ledger'),
      serviceUrl: this.databaseUrl('ledger'),
      lab: false,
      runId,
      shards,
    });
  }

  private async spent(): Promise<Costs> {
    const [wal] = await this.sql<{ bytes: string }>(
      'payments',
      `SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn AS bytes`,
    );
    return {
      statements: this.postgresTraffic.statements,
      roundTrips: this.postgresTraffic.roundTrips,
      walBytes: Number(wal?.bytes),
      amqpFrames: this.amqpTraffic.frames,
    };
  }
}
