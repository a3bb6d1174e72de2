import type { RabbitServer, Servers } from '@paid-once/infrastructure';
import type { Client } from 'pg';
import { impatientClient } from '../impatient-client.js';

/** How the servers must be started, so that what they were asked for can be counted. */
export const meteredPostgres = { shared_preload_libraries: 'pg_stat_statements' };

export interface Spent {
  /** That both databases have executed for our services: BEGIN, COMMIT and polls too. */
  statements: number;
  /** That the broker has received, repeated ones too. */
  messages: number;
}

/** Counts what the services ask of databases and broker, at the servers, so that no service has to count. */
export class CostMeter {
  private constructor(
    private readonly databases: Client[],
    private readonly broker: RabbitServer,
    private messagesBefore: number,
  ) {}

  static async connect({ paymentsDb, ledgerDb, broker }: Servers): Promise<CostMeter> {
    const databases = [paymentsDb.adminUrl('payments'), ledgerDb.adminUrl('ledger')].map((url) =>
      impatientClient(url, 30_000),
    );
    for (const database of databases) {
      await database.connect();
      await database.query('CREATE EXTENSION IF NOT EXISTS pg_stat_statements');
    }
    return new CostMeter(databases, broker, await messagesReceived(broker));
  }

  /** Counts from here on; messages from the last reading on, as the services send none of their own accord. */
  async start(): Promise<void> {
    for (const database of this.databases) await database.query('SELECT pg_stat_statements_reset()');
  }

  /** What was spent since the start. */
  async read(): Promise<Spent> {
    const statements = await Promise.all(this.databases.map(statementsExecuted));
    const received = await messagesReceived(this.broker);
    const messages = received - this.messagesBefore;
    this.messagesBefore = received;
    return { statements: statements.reduce((sum, each) => sum + each, 0), messages };
  }

  async close(): Promise<void> {
    await Promise.all(this.databases.map((database) => database.end()));
  }
}

/** By everybody but the administrator, who only looks. */
async function statementsExecuted(database: Client): Promise<number> {
  const { rows } = await database.query<{ calls: string }>(`
    SELECT coalesce(sum(calls), 0)::text AS calls
      FROM pg_stat_statements
     WHERE userid <> (SELECT oid FROM pg_roles WHERE rolname = current_user)`);
  return Number(rows[0]?.calls);
}

/** Of the whole node, over all protocols. These counters are exact at once; the management API's lag by seconds. */
async function messagesReceived(broker: RabbitServer): Promise<number> {
  const sum =
    'lists:sum([maps:get(messages_received_total, C, 0) || C <- maps:values(rabbit_global_counters:overview())]).';
  const answer = await broker.ctl(['eval', sum]);
  const count = Number(answer.trim());
  if (!Number.isInteger(count)) throw new Error(`RabbitMQ does not tell what it has received: ${answer}`);
  return count;
}
