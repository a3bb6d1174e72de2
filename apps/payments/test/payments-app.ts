import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { createHttpApplication } from '@paid-once/service';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Client } from 'pg';
import { asDescribed } from '../../../test/support/as-described.js';
import { keyForAll, showing } from '../../../test/support/with-key.js';
import { PaymentsModule } from '../src/payments.module.js';
import { setUpPayments } from '../src/set-up-payments.js';

/** A payments database of a test's own, on the test run's Postgres. */
export class PaymentsDatabase {
  private constructor(
    readonly name: string,
    readonly urls: { admin: string; payments: string; relay: string },
    readonly runId: string,
    /** The owner's connection, to look and to interfere. */
    readonly admin: Client,
    /** May do everything. */
    readonly key: string,
  ) {}

  static async create({ lab = false } = {}): Promise<PaymentsDatabase> {
    const server = process.env.TEST_PAYMENTS_ADMIN_URL ?? '';
    const name = `payments_${randomUUID().slice(0, 8)}`;
    await onServer(server, `CREATE DATABASE ${name}`);
    const login = (role: string): string => {
      const url = new URL(server);
      Object.assign(url, { pathname: `/${name}`, username: `${role}_${name}`, password: 'secret' });
      return url.href;
    };
    const admin = new URL(server);
    admin.pathname = `/${name}`;
    const urls = { admin: admin.href, payments: login('payments'), relay: login('relay') };
    const { runId } = await setUpPayments(urls, lab);
    const client = new Client({ connectionString: urls.admin });
    client.on('error', () => {});
    await client.connect();
    return new PaymentsDatabase(name, urls, runId, client, await keyForAll(urls.admin));
  }

  async rows(sql: string, parameters: unknown[] = []): Promise<Record<string, unknown>[]> {
    return (await this.admin.query<Record<string, unknown>>(sql, parameters)).rows;
  }

  async count(table: string): Promise<number> {
    return Number((await this.rows(`SELECT count(*) FROM ${table}`))[0]?.count);
  }

  async drop(): Promise<void> {
    await this.admin.end();
    const server = process.env.TEST_PAYMENTS_ADMIN_URL ?? '';
    await onServer(server, `DROP DATABASE ${this.name} WITH (FORCE)`);
    for (const role of ['payments', 'relay'])
      await onServer(server, `DROP ROLE IF EXISTS ${role}_${this.name}`);
  }
}

async function onServer(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** The payments service on its own database, without a port: requests go in by `inject`. */
export async function startPayments(
  database: PaymentsDatabase,
  settings: {
    lab?: boolean;
    databaseUrl?: string;
    ledgerUrl?: string;
    amqpUrl?: string;
    databaseTimeoutMs?: number;
    requestTimeoutMs?: number;
    maxConnections?: number;
    requestsPerSecond?: number;
    poolSize?: number;
    batch?: number;
    backlog?: number;
    unready?: true;
  } = {},
): Promise<NestFastifyApplication> {
  const app = await createHttpApplication(
    PaymentsModule.with({
      PAID_ONCE_LAB: settings.lab ?? false,
      PAID_ONCE_DB_TIMEOUT_MS: settings.databaseTimeoutMs ?? 6_000,
      PAID_ONCE_REQUEST_TIMEOUT_MS: settings.requestTimeoutMs ?? 15_000,
      PAID_ONCE_MAX_CONNECTIONS: settings.maxConnections ?? 10_000,
      PAID_ONCE_REQUESTS_PER_SECOND: 0,
      PAID_ONCE_HOST: '127.0.0.1',
      PAID_ONCE_PAYMENTS_PORT: 0,
      PAID_ONCE_PAYMENTS_DB_URL: settings.databaseUrl ?? database.urls.payments,
      PAID_ONCE_PAYMENTS_POOL: settings.poolSize ?? 10,
      PAID_ONCE_PAYMENTS_BATCH: settings.batch ?? 200,
      PAID_ONCE_PAYMENTS_BACKLOG: settings.backlog ?? 2_000,
      PAID_ONCE_DRAIN_MS: 0,
      PAID_ONCE_PAYMENTS_AMQP_URL: settings.amqpUrl,
      PAID_ONCE_LEDGER_URL: settings.ledgerUrl ?? 'http://127.0.0.1:1',
    }),
    false,
    {
      arrivalMs: settings.requestTimeoutMs,
      maxConnections: settings.maxConnections,
      requestsPerSecond: settings.requestsPerSecond,
    },
  );
  if (!settings.lab) showing(database.key, app);
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  while (!settings.unready && (await app.inject('/health/ready')).statusCode !== 200) await setTimeout(20);
  return asDescribed(app);
}
