import { Client } from 'pg';

/** The same login, on another database. */
export function onDatabase(url: string | undefined, name: string): string {
  const other = new URL(url ?? '');
  other.pathname = `/${name}`;
  return other.href;
}

export async function connect(connectionString: string): Promise<Client> {
  const client = new Client({ connectionString });
  client.on('error', () => {}); // its database is dropped before the next one is made
  await client.connect();
  return client;
}
