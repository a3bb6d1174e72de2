import { Client } from 'pg';

/**
 * A connection, not yet made, that gives up: node-postgres itself waits for ever for a server that is frozen.
 * @param limitMs how long to wait for the connection, and for each answer, in milliseconds
 */
export function impatientClient(connectionString: string, limitMs: number): Client {
  const client = new Client({ connectionString, connectionTimeoutMillis: limitMs, query_timeout: limitMs });
  client.on('error', () => {}); // without a listener a connection that breaks off ends the process
  return client;
}
