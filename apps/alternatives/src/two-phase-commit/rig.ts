import type { PostgresServer } from '@paid-once/infrastructure';
import type { Pool } from 'pg';
import { poolFor } from '../postgres.js';
import { startDatabase, type Run } from '../run-alternative.js';
import { createTables } from './tables.js';

/** One of the two: a server of its own, since that is what two-phase commit is about. */
export interface Database {
  readonly server: PostgresServer;
  readonly url: string;
  readonly pool: Pool;
}

export interface TwoDatabases {
  payments: Database;
  ledger: Database;
}

/** Production keeps max_prepared_transactions at 0, as Postgres comes: a forgotten one cannot happen there. */
export async function startTwoDatabases(run: Run): Promise<TwoDatabases> {
  run.say('starting two Postgres servers that may prepare transactions …');
  const [payments, ledger] = await Promise.all([start(run, 'payments'), start(run, 'ledger')]);
  await createTables(payments.pool, ledger.pool);
  return { payments, ledger };
}

async function start(run: Run, name: string): Promise<Database> {
  const server = await startDatabase(run, name, { max_prepared_transactions: 20 });
  const url = server.adminUrl(name);
  const pool = poolFor(url, 20);
  run.afterwards(() => pool.end());
  return { server, url, pool };
}
