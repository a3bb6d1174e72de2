import type { Client } from 'pg';
import { setUpPayments } from '../../apps/payments/src/set-up-payments.js';
import { fillOutbox, markPublished } from '../relay/fill-outbox.js';
import { say } from '../rig/say.js';
import type { BenchSystem } from '../rig/system.js';
import { connect, onDatabase } from './own-database.js';

/** Rows in one transaction: it was published long ago, and nobody looks at its transaction any more. */
const atATime = 10_000;
/** Progress is told, and recorded, this often. */
const portion = 500_000;

/** Where a relay drains from. */
export interface Outbox {
  /** The administrator's. */
  client: Client;
  /** The settings that lead a relay to it. */
  env: Record<string, string>;
}

/** Another outbox than the system's own, which stays without history: both can be drained in turn. */
export class OutboxWithHistory implements Outbox {
  private readonly clients: Client[] = [];

  private constructor(
    readonly client: Client,
    readonly env: { PAID_ONCE_RELAY_DB_URL: string; PAID_ONCE_PAYMENTS_RETENTION_DB_URL: string },
    private readonly adminUrl: string,
  ) {}

  /** Empty. The one that was made before is dropped. */
  static async create(system: BenchSystem): Promise<OutboxWithHistory> {
    const name = 'outbox_with_history';
    const admin = await system.emptyDatabase(name);
    const relay = onDatabase(system.env['PAID_ONCE_RELAY_DB_URL'], name);
    const retention = onDatabase(system.env['PAID_ONCE_PAYMENTS_RETENTION_DB_URL'], name);
    const payments = onDatabase(system.env['PAID_ONCE_PAYMENTS_DB_URL'], name);
    await setUpPayments({ admin, payments, relay, retention }, false);
    const env = { PAID_ONCE_RELAY_DB_URL: relay, PAID_ONCE_PAYMENTS_RETENTION_DB_URL: retention };
    return new OutboxWithHistory(await connect(admin), env, admin);
  }

  /** Adds published messages until there are so many; what was drained meanwhile counts. */
  async growTo(history: number): Promise<void> {
    for (let rows = await this.rows(); rows < history; rows = await this.rows()) {
      await fillOutbox(this.client, Math.min(history - rows, portion), { atATime });
      await markPublished(this.client);
      say(`history: ${await this.rows()} rows`);
    }
    await this.client.query('VACUUM ANALYZE outbox_message');
    await this.client.query('CHECKPOINT');
  }

  async rows(): Promise<number> {
    const { rows } = await this.client.query<{ rows: number }>(
      'SELECT count(*)::int AS rows FROM outbox_message',
    );
    return rows[0]?.rows ?? NaN;
  }

  /** With its indexes. */
  async tableMb(): Promise<number> {
    const { rows } = await this.client.query<{ mb: number }>(
      `SELECT pg_total_relation_size('outbox_message') / 1048576 AS mb`,
    );
    return Number(rows[0]?.mb);
  }

  /** A session of its own, for a transaction that is held open. */
  async session(): Promise<Client> {
    const client = await connect(this.adminUrl);
    this.clients.push(client);
    return client;
  }

  async close(): Promise<void> {
    await Promise.all([this.client, ...this.clients].map((client) => client.end()));
  }
}
