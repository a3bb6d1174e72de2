import { ledgerQueue } from '@paid-once/contracts';
import { Client } from 'pg';
import type { Stack } from '../../apps/cli/src/stack/start-stack.js';

/** What an owner of the databases and the broker can do to them: past every service, link and guarantee. */
export class PastTheServices {
  constructor(private readonly stack: Stack) {}

  /** One statement on the database of payments or the ledger, as its owner. */
  async sql(side: 'payments' | 'ledger', sql: string, parameters: unknown[] = []) {
    const variable = `PAID_ONCE_${side.toUpperCase()}_ADMIN_DB_URL`;
    const client = new Client({ connectionString: this.stack.env[variable] });
    await client.connect();
    await client.query('SET session_replication_role = replica'); // as only a superuser can: no trigger stops him
    try {
      return (await client.query<Record<string, string>>(sql, parameters)).rows;
    } finally {
      await client.end();
    }
  }

  /** Throws away what is in the ledger's queues, as a broker does that loses its disk. */
  async emptyQueues(): Promise<void> {
    for (const shard of [0, 1, 2, 3]) await this.onQueue(ledgerQueue(shard), 'DELETE', '/contents');
  }

  private async onQueue(queue: string, method: string, path: string): Promise<Response> {
    const admin = new URL(this.stack.env['PAID_ONCE_BROKER_ADMIN_URL'] ?? '');
    const vhost = new URL(this.stack.env['PAID_ONCE_RELAY_AMQP_URL'] ?? '').pathname.slice(1);
    const authorization = `Basic ${Buffer.from(`${admin.username}:${admin.password}`).toString('base64')}`;
    return fetch(`${admin.origin}/api/queues/${vhost}/${queue}${path}`, {
      method,
      headers: { authorization },
    });
  }
}
