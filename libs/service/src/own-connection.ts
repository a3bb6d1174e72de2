import { Client } from 'pg';
import type { DataSourceOptions } from 'typeorm';
import { postgresOptions } from './postgres.js';

/** Anything that runs SQL and answers with its rows. */
export interface Queryable {
  query<Rows>(sql: string, parameters?: unknown[]): Promise<Rows>;
}

/**
 * One connection for one piece of work that comes seldom; it is gone afterwards, and so is whatever was set on it.
 * @param options.timeoutMs the client's own timer for a statement; the server's are shorter
 * @param options.session   further server settings of this session, as in `-c enable_seqscan=off`
 * @throws whatever keeps the database from being reached, and what `work` throws
 */
export async function onOwnConnection<Result>(
  options: { url: string; process: string; timeoutMs: number; session?: string },
  work: (db: Queryable) => Promise<Result>,
): Promise<Result> {
  const { url, applicationName, connectTimeoutMS, extra } = postgresOptions({
    ...options,
    poolSize: 1,
    entities: [],
  }) as Extract<DataSourceOptions, { type: 'postgres' }>;
  const { options: session, ...timeouts } = extra as { options: string };
  const client = new Client({
    connectionString: url,
    application_name: applicationName,
    connectionTimeoutMillis: connectTimeoutMS,
    ...timeouts,
    options: `${session} ${options.session ?? ''}`,
  });
  // Without a listener a server that ends the session between two statements would end this process.
  client.on('error', () => {});
  try {
    await client.connect();
    return await work({
      query: async <Rows>(sql: string, parameters: unknown[] = []) =>
        (await client.query(sql, parameters)).rows as Rows,
    });
  } finally {
    await client.end().catch(() => {});
  }
}
