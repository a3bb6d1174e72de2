import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  startPostgres,
  throwAwayDirectory,
  type PostgresServer,
  type ThrowAwayDirectory,
} from '@paid-once/infrastructure';
import { Client } from 'pg';

jest.setTimeout(60_000);

let place: ThrowAwayDirectory;
let postgres: PostgresServer;

beforeAll(async () => {
  place = await throwAwayDirectory('crash');
  // A commit that nobody waits for is written this much later: what the setting allows, made certain.
  const settings = { wal_writer_delay: '10s', wal_writer_flush_after: '1GB' };
  postgres = await startPostgres({ directory: `${place.path}/postgres`, durable: true, settings });
});
afterAll(async () => {
  await postgres?.stop({ quick: true });
  await place?.remove();
});

async function connect(setting = 'on'): Promise<Client> {
  const client = new Client({
    connectionString: postgres.adminUrl('postgres'),
    options: `-c synchronous_commit=${setting}`,
  });
  client.on('error', () => {});
  await client.connect();
  return client;
}

describe('what Postgres has answered when all its processes are killed', () => {
  it.each([
    ['B13: survives, as services commit', 'on', false],
    ['B13: is lost with synchronous_commit off, which is why readiness refuses it', 'off', true],
  ] as const)('%s', async (_title, setting, loses) => {
    const before = await connect();
    await before.query('DROP TABLE IF EXISTS answered');
    await before.query('CREATE TABLE answered (n int)');
    await before.end();
    const client = await connect(setting);
    for (let n = 0; n < 200; n++) await client.query('INSERT INTO answered VALUES ($1)', [n]);
    await postgres.kill('SIGKILL');
    await client.end().catch(() => {});
    await postgres.restart();
    const after = await connect();
    const { rows } = await after.query<{ count: number }>('SELECT count(*)::int AS count FROM answered');
    await after.end();
    expect((rows[0]?.count ?? 0) < 200).toBe(loses);
  });
});
