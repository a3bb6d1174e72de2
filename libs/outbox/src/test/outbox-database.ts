import { randomUUID } from 'node:crypto';
import { onOwnConnection, postgresOptions, type Queryable } from '@paid-once/service';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { outboxEntities, outboxMigrations, outboxRetentionSession, relaySession } from '../index.js';

/** An empty outbox in a database of its own. */
export class OutboxDatabase {
  private constructor(
    private readonly server: string,
    readonly url: string,
    readonly database: DataSource,
    /** Connects as a relay does. */
    readonly relay: DataSource,
    /** Some keys whose messages all are in shard 0. */
    readonly keysOfShard0: string[],
  ) {}

  get keyOfShard0(): string {
    return this.keysOfShard0[0] ?? '';
  }

  /** @param server a superuser's URL: TEST_PAYMENTS_ADMIN_URL, which the global setup of the tests sets */
  static async create(server: string | undefined): Promise<OutboxDatabase> {
    if (!server) throw new Error('TEST_PAYMENTS_ADMIN_URL is not set');
    const name = `outbox_${randomUUID().replaceAll('-', '')}`;
    await onServer(server, `CREATE DATABASE ${name}`);
    const url = new URL(server);
    url.pathname = `/${name}`;
    const options = {
      url: url.href,
      process: 'test',
      poolSize: 20,
      entities: outboxEntities,
      migrations: outboxMigrations,
    };
    const database = await new DataSource(postgresOptions(options)).initialize();
    await database.runMigrations();
    const relay = await new DataSource(
      relaySession(postgresOptions({ ...options, process: 'relay' })),
    ).initialize();
    const keys = await database.query<{ key: string }[]>(
      `SELECT 'key-' || n AS key FROM generate_series(1, 100) AS n WHERE outbox_shard('key-' || n) = 0`,
    );
    return new OutboxDatabase(
      server,
      url.href,
      database,
      relay,
      keys.map(({ key }) => key),
    );
  }

  async drop(): Promise<void> {
    await Promise.all([this.database.destroy(), this.relay.destroy()]);
    await onServer(this.server, `DROP DATABASE ${new URL(this.url).pathname.slice(1)} WITH (FORCE)`);
  }

  /** As a failing network does: the sessions with this application name end. */
  async killSessions(applicationName: string): Promise<void> {
    await this.database.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND datname = current_database()`,
      [applicationName],
    );
  }

  /** As a run of the retention connects. */
  async retaining<Result>(work: (db: Queryable) => Promise<Result>): Promise<Result> {
    const session = {
      url: this.url,
      process: 'retention',
      timeoutMs: 30_000,
      session: outboxRetentionSession,
    };
    return onOwnConnection(session, work);
  }

  /** A session of its own, for transactions that stay open. */
  async session(): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: this.url });
    client.on('error', () => {});
    await client.connect();
    return client;
  }
}

async function onServer(server: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  await client.query(sql);
  await client.end();
}
