import { Client } from 'pg';
import { errorCode } from './error-code.js';

/**
 * Asks once whether a Postgres answers queries.
 * @returns undefined when not yet
 * @throws Error when it never will: it answers, but refuses the password
 */
export async function answersQueries(url: string): Promise<true | undefined> {
  try {
    await query(url, (client) => client.query('SELECT 1'));
    return true;
  } catch (error) {
    if (errorCode(error) === '28P01') {
      throw new Error('Postgres refuses the password kept beside its data: the two do not belong together', {
        cause: error,
      });
    }
    return undefined;
  }
}

/** Creates a database unless it is there. */
export async function createDatabase(adminUrl: string, name: string): Promise<void> {
  try {
    await query(adminUrl, (client) => client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`));
  } catch (error) {
    const isThere = errorCode(error) === '42P04';
    if (!isThere) throw error;
  }
}

export function postgresUrl(port: number, password: string, database: string): string {
  return `postgres://${adminName}:${password}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
}

/** The superuser of every cluster made here. */
export const adminName = 'admin';

async function query<Result>(url: string, work: (client: Client) => Promise<Result>): Promise<Result> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000, query_timeout: 60_000 });
  // Without a listener a server that dies under the query ends this process.
  client.on('error', () => {});
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}
