import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compare, type Comparison } from '@paid-once/compare';
import type { PostgresServer } from '@paid-once/infrastructure';
import type { LinkProxy } from '@paid-once/links';
import { payFile, type PayOptions, type PayResult } from '@paid-once/payer';
import { pause } from '@paid-once/service';
import { Client } from 'pg';
import { startStack, type Stack, type StackOptions } from '../../apps/cli/src/stack/start-stack.js';

/** The whole system as it really runs: built processes, links between them. */
export class TestStack {
  private constructor(
    readonly stack: Stack,
    /** The databases' owners, past every link; the broker's administrator and its vhost. */
    readonly admin: { paymentsDb: string; ledgerDb: string; broker: string; vhost: string },
    private readonly directory: string,
    private readonly log: string[],
    private readonly removeData: () => Promise<void>,
  ) {}

  /**
   * On the servers of the test run, with databases and a vhost of its own.
   * @param launch    what starts it instead of this version's launcher
   * @param throwAway Postgres servers to use instead, by their superusers' URLs: no database is dropped there
   */
  static async start({
    launch = startStack,
    throwAway = {},
    ...options
  }: Pick<StackOptions, 'instances' | 'env' | 'lab' | 'restart'> & {
    launch?: typeof startStack;
    throwAway?: { payments?: string; ledger?: string };
  } = {}): Promise<TestStack> {
    const name = `e2e_${randomUUID().slice(0, 8)}`;
    const shared = servers();
    const { payments: paymentsServer, ledger: ledgerServer } = { ...shared, ...throwAway };
    await onServer(paymentsServer, `CREATE DATABASE ${name}`);
    await onServer(ledgerServer, `CREATE DATABASE ${name}`);
    const admin = {
      paymentsDb: databaseOn(paymentsServer, name),
      ledgerDb: databaseOn(ledgerServer, name),
      broker: process.env.TEST_AMQP_ADMIN_URL ?? '',
      vhost: name,
    };
    const given = {
      paymentsAdminDb: admin.paymentsDb,
      ledgerAdminDb: admin.ledgerDb,
      brokerAdmin: admin.broker,
      brokerUpstream: `127.0.0.1:${process.env.TEST_AMQP_PORT}`,
      vhost: name,
    };
    return TestStack.assemble(
      { given, directory: process.env.TEST_PASSWORDS ?? '', ...options },
      () => admin,
      async () => {
        for (const service of ['payments', 'ledger'] as const)
          if (!(service in throwAway)) await onServer(shared[service], `DROP DATABASE ${name} WITH (FORCE)`);
        await removeVhost(admin.broker, name);
      },
      launch,
    );
  }

  /** On servers of its own, for tests that kill, freeze, starve or reconfigure those: `stack.servers` is there then. */
  static async startWithServers(
    options: Pick<
      StackOptions,
      'instances' | 'env' | 'lab' | 'restart' | 'directory' | 'durable' | 'postgresSettings'
    > = {},
  ): Promise<TestStack> {
    const adminOf = ({ servers: own }: Stack) => {
      if (own === undefined) throw new Error('Bug: no servers were started');
      return {
        paymentsDb: own.paymentsDb.adminUrl('payments'),
        ledgerDb: own.ledgerDb.adminUrl('ledger'),
        broker: own.broker.adminUrl,
        vhost: own.broker.vhost,
      };
    };
    return TestStack.assemble({ kind: 'local', ...options }, adminOf, async () => {});
  }

  private static async assemble(
    options: StackOptions,
    adminOf: (stack: Stack) => TestStack['admin'],
    removeData: () => Promise<void>,
    launch = startStack,
  ): Promise<TestStack> {
    const log: string[] = [];
    const onLine = (service: string, line: string) => void log.push(`${service} ${line}`);
    // Nobody looks whether it is ready before he pays: waiting for that would only make every stop longer.
    const payments = { PAID_ONCE_DRAIN_MS: '0', ...options.env?.payments };
    // What a fault makes the relay lose, a repair would find and publish again before anybody looks.
    const relay = { PAID_ONCE_REPAIR_EVERY_SECONDS: '0', ...options.env?.relay };
    const env = { ...options.env, payments, relay };
    const stack = await launch({ restart: true, onLine, ...options, env });
    const directory = await mkdtemp(join(tmpdir(), 'paid-once-test-'));
    return new TestStack(stack, adminOf(stack), directory, log, removeData);
  }

  /** Pays `rows` times EUR 1 through the breakable link; retries until each is answered. */
  async pay(rows: number, options: Partial<PayOptions> = {}): Promise<PayResult> {
    const file = join(this.directory, `${randomUUID()}.csv`); // several may be paid at once
    await writeFile(file, `src,dest,amount\n${'bianca,marc,1\n'.repeat(rows)}`);
    return payFile({
      file,
      url: this.stack.urls.link,
      attemptTimeoutMs: 5_000,
      retry: { limitMs: 60_000, firstDelayMs: 20, maxDelayMs: 500 },
      ...options,
    });
  }

  /** Leads payments and relay to another server, as a failover does: their URLs stay the same. */
  async movePayments(server: PostgresServer): Promise<void> {
    const links = await this.stack.links.list();
    const moved = links
      .filter(({ name }) => name === 'payments-postgres' || name === 'relay-postgres')
      .map(({ name, listen }) => ({
        name: name as LinkProxy['name'],
        listen,
        upstream: `127.0.0.1:${server.port}`,
        enabled: true,
      }));
    await this.stack.links.populate(moved);
    this.admin.paymentsDb = server.adminUrl(new URL(this.admin.paymentsDb).pathname.slice(1));
  }

  compare(): Promise<Comparison> {
    return compare({ payments: this.stack.urls.payments, ledger: this.stack.urls.ledger });
  }

  /** Resolves with the comparison when both ledgers agree; with the last one when they do not within the limit. */
  async compareUntilAgreed(limitMs = 30_000): Promise<Comparison> {
    const until = performance.now() + limitMs;
    for (;;) {
      const comparison = await this.compare().catch((error: unknown) => {
        if (performance.now() > until) throw error;
        return undefined;
      });
      if (comparison && (comparison.agree || performance.now() > until)) return comparison;
      await pause(100);
    }
  }

  async stats(side: 'payments' | 'ledger'): Promise<unknown> {
    const response = await fetch(`${this.stack.urls[side]}/stats`);
    return response.json();
  }

  /** How many transfers the ledger's database holds: asked past the ledger and its link. */
  async transfersPosted(): Promise<number> {
    const [row] = await this.sql<{ count: number }>('ledger', 'SELECT count(*)::int AS count FROM transfer');
    return row?.count ?? 0;
  }

  /** Asks one of the databases as its owner, past every service and link. */
  async sql<Row extends object>(
    side: 'payments' | 'ledger',
    text: string,
    values?: unknown[],
  ): Promise<Row[]> {
    return onServer<Row>(side === 'payments' ? this.admin.paymentsDb : this.admin.ledgerDb, text, values);
  }

  /** Leaves a transaction open that has done this. @returns what ends it */
  async holdTransaction(side: 'payments' | 'ledger', text: string): Promise<() => Promise<void>> {
    const client = new Client({
      connectionString: side === 'payments' ? this.admin.paymentsDb : this.admin.ledgerDb,
    });
    client.on('error', () => {});
    await client.connect();
    await client.query('BEGIN');
    await client.query(text);
    return () => client.end();
  }

  /** What the services have logged so far. */
  get logged(): readonly string[] {
    return this.log;
  }

  /** What the services have logged so far at level error or fatal. */
  get errorsLogged(): string[] {
    return this.log.filter((line) => /"level":"(error|fatal)"/.test(line));
  }

  async stop(): Promise<void> {
    await this.stack.stop();
    await this.removeData();
    await rm(this.directory, { recursive: true });
  }
}

async function removeVhost(adminUrl: string, vhost: string): Promise<void> {
  const admin = new URL(adminUrl);
  const authorization = `Basic ${Buffer.from(`${admin.username}:${admin.password}`).toString('base64')}`;
  await fetch(`${admin.origin}/api/vhosts/${vhost}`, { method: 'DELETE', headers: { authorization } });
}

/** What both ledgers say when they agree. */
export function agreement(payments: number): object {
  const balance = { count: payments, totals: { EUR: `${payments}.00` } };
  return { agree: true, payments: balance, ledger: balance };
}

/** Polls until the condition holds. @throws what was still so at the end */
export async function eventually(
  condition: () => Promise<boolean> | boolean,
  what: string,
  limitMs = 30_000,
) {
  const until = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > until) throw new Error(`not within ${limitMs / 1000} s: ${what}`);
    await pause(50);
  }
}

function servers(): { payments: string; ledger: string } {
  const { TEST_PAYMENTS_ADMIN_URL: payments = '', TEST_LEDGER_ADMIN_URL: ledger = '' } = process.env;
  return { payments, ledger };
}

function databaseOn(server: string, name: string): string {
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

async function onServer<Row extends object>(url: string, sql: string, values?: unknown[]): Promise<Row[]> {
  const client = new Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query<Row>(sql, values)).rows;
  } finally {
    await client.end();
  }
}
