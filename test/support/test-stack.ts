import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compare, type Comparison } from '@paid-once/compare';
import { payFile, type PayOptions, type PayResult } from '@paid-once/payer';
import { pause } from '@paid-once/service';
import { Client } from 'pg';
import { startStack, type Stack, type StackOptions } from '../../apps/cli/src/stack/start-stack.js';

/**
 * The whole system as it really runs (built processes, links between them) on the servers of the test run, with
 * databases and a vhost of its own.
 */
export class TestStack {
  private constructor(
    readonly stack: Stack,
    private readonly name: string,
    private readonly directory: string,
    private readonly log: string[],
  ) {}

  static async start(
    options: Pick<StackOptions, 'instances' | 'env' | 'lab' | 'restart'> = {},
  ): Promise<TestStack> {
    const name = `e2e_${randomUUID().slice(0, 8)}`;
    const [paymentsServer, ledgerServer] = servers();
    await onServer(paymentsServer, `CREATE DATABASE ${name}`);
    await onServer(ledgerServer, `CREATE DATABASE ${name}`);
    const log: string[] = [];
    const stack = await startStack({
      given: {
        paymentsAdminDb: databaseOn(paymentsServer, name),
        ledgerAdminDb: databaseOn(ledgerServer, name),
        brokerAdmin: process.env.TEST_AMQP_ADMIN_URL ?? '',
        brokerUpstream: `127.0.0.1:${process.env.TEST_AMQP_PORT}`,
        vhost: name,
      },
      restart: true,
      onLine: (service, line) => log.push(`${service} ${line}`),
      ...options,
    });
    return new TestStack(stack, name, await mkdtemp(join(tmpdir(), 'paid-once-test-')), log);
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
    const client = new Client({ connectionString: databaseOn(servers()[1], this.name) });
    await client.connect();
    try {
      const { rows } = await client.query<{ count: number }>('SELECT count(*)::int AS count FROM transfer');
      return rows[0]?.count ?? 0;
    } finally {
      await client.end();
    }
  }

  /** What the services have logged so far at level error or fatal. */
  get errorsLogged(): string[] {
    return this.log.filter((line) => /"level":"(error|fatal)"/.test(line));
  }

  async stop(): Promise<void> {
    await this.stack.stop();
    const [paymentsServer, ledgerServer] = servers();
    await onServer(paymentsServer, `DROP DATABASE ${this.name} WITH (FORCE)`);
    await onServer(ledgerServer, `DROP DATABASE ${this.name} WITH (FORCE)`);
    const admin = new URL(process.env.TEST_AMQP_ADMIN_URL ?? '');
    const authorization = `Basic ${Buffer.from(`${admin.username}:${admin.password}`).toString('base64')}`;
    await fetch(`${admin.origin}/api/vhosts/${this.name}`, { method: 'DELETE', headers: { authorization } });
    await rm(this.directory, { recursive: true });
  }
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

function servers(): [payments: string, ledger: string] {
  return [process.env.TEST_PAYMENTS_ADMIN_URL ?? '', process.env.TEST_LEDGER_ADMIN_URL ?? ''];
}

function databaseOn(server: string, name: string): string {
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
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
