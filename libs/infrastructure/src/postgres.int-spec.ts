import { spawn } from 'node:child_process';
import { readFile, realpath, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Client } from 'pg';
import { startPostgres } from './postgres.js';
import { isAlive, processesIn } from './process-table.js';
import type { PostgresServer } from './server.js';
import { throwAwayDirectory, type ThrowAwayDirectory } from './state-directory.js';
import { unprivilegedUser } from './unprivileged.js';

jest.setTimeout(120_000);

let place: ThrowAwayDirectory;
let postgres: PostgresServer;

async function start(onLine: (line: string) => void = () => {}): Promise<PostgresServer> {
  const settings = { max_prepared_transactions: 7 };
  return startPostgres({ directory: join(place.path, 'with a space'), durable: true, settings, onLine });
}

/** Frozen, it would outlive a test that fails. */
let stray: number | undefined;
afterEach(() => {
  if (stray !== undefined && isAlive(stray)) process.kill(stray, 'SIGKILL');
  stray = undefined;
});

/** Kills the postmaster alone, beside a frozen backend. @returns the backend's process id */
async function strayBackend(): Promise<number> {
  const client = new Client({ connectionString: postgres.adminUrl('trial') });
  client.on('error', () => {});
  await client.connect();
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const { pid } = rows[0]!;
  stray = pid;
  process.kill(pid, 'SIGSTOP');
  process.kill(postgres.pid!, 'SIGKILL');
  return pid;
}

async function query(sql: string, timeoutMs = 10_000): Promise<unknown[]> {
  const client = new Client({
    connectionString: postgres.adminUrl('trial'),
    connectionTimeoutMillis: timeoutMs,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    return (await client.query({ text: sql, rowMode: 'array' })).rows.flat();
  } finally {
    await client.end().catch(() => {});
  }
}

beforeAll(async () => {
  place = await throwAwayDirectory('test');
  postgres = await start();
  await postgres.createDatabase('trial');
  await query('CREATE TABLE kept AS SELECT 42 AS answer');
});

afterAll(async () => {
  await postgres?.stop({ quick: true });
  await place?.remove();
});

describe('a Postgres of our own', () => {
  it('takes settings over its defaults', async () => {
    const names = [
      'max_prepared_transactions',
      'max_connections',
      'fsync',
      'data_checksums',
      'server_encoding',
    ];
    const settings = names.map((name) => `current_setting('${name}')`).join(', ');
    expect(await query(`SELECT ${settings}`)).toEqual(['7', '200', 'on', 'on', 'UTF8']);
  });

  it('creates a database once, however often it is asked to', async () => {
    await Promise.all([postgres.createDatabase('my "own"'), postgres.createDatabase('trial')]);
    await postgres.createDatabase('my "own"');
    expect(await query(`SELECT count(*)::int FROM pg_database WHERE datname = 'my "own"'`)).toEqual([1]);
  });

  it('is reached on loopback only, with the password that only its user can read', async () => {
    const file = await stat(join(place.path, 'with a space', 'password'));
    expect([file.mode & 0o777, file.uid]).toEqual([0o600, unprivilegedUser()?.uid ?? process.getuid?.()]);
    const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    for (const { address } of addresses.filter(({ internal, family }) => !internal && family === 'IPv4')) {
      const answer = await new Promise((resolve) => {
        const socket = connect({ port: postgres.port, host: address });
        socket.once('connect', () => resolve('open')).once('error', () => resolve('closed'));
        socket.once('connect', () => socket.destroy());
      });
      expect(answer).toBe('closed');
    }
  });

  it('keeps its data over a restart, also by another process on another port', async () => {
    const before = postgres.adminUrl('trial');
    await postgres.restart();
    expect(postgres.adminUrl('trial')).toBe(before);
    expect(await query('SELECT answer FROM kept')).toEqual([42]);
    await postgres.stop();
    await postgres.stop();
    postgres = await start();
    expect(postgres.adminUrl('trial')).not.toBe(before);
    expect(await query('SELECT answer FROM kept')).toEqual([42]);
  });

  it('H11: starts again after kill -9 of the postmaster', async () => {
    const killed = postgres.pid;
    await postgres.kill('SIGKILL');
    await expect(query('SELECT 1')).rejects.toThrow();
    await postgres.restart();
    expect(postgres.pid).not.toBe(killed);
    expect(await query('SELECT answer FROM kept')).toEqual([42]);
  });

  it('H11: waits for the backends of a postmaster that was killed alone', async () => {
    const backend = await strayBackend();
    const said: string[] = [];
    postgres = await start((line) => {
      // For as long as it is there no other server starts; thawed, it notices that it is an orphan, and ends.
      if (said.push(line) === 1) setTimeout(() => process.kill(backend, 'SIGCONT'), 1_500);
    });
    expect(said[0]).toMatch(/^waiting for the Postgres that still runs in .* \(process \d+\)$/);
    expect(await query('SELECT answer FROM kept')).toEqual([42]);
  });

  it('H11: is restarted although a backend of the killed postmaster never ends by itself', async () => {
    await strayBackend();
    await postgres.restart();
    expect(await query('SELECT answer FROM kept')).toEqual([42]);
  });

  it('H11: starts although its lock file names a living process of the same user', async () => {
    const stranger = spawn('sleep', ['600'], { ...unprivilegedUser(), stdio: 'ignore' });
    try {
      await postgres.kill('SIGKILL');
      const lockFile = join(place.path, 'with a space/data/postmaster.pid');
      const [, ...rest] = (await readFile(lockFile, 'utf8')).split('\n');
      await writeFile(lockFile, [stranger.pid, ...rest].join('\n'));
      await postgres.restart();
      expect(await query('SELECT answer FROM kept')).toEqual([42]);
    } finally {
      stranger.kill('SIGKILL');
    }
  });

  it('freezes with all its connections, and thaws', async () => {
    const client = new Client({ connectionString: postgres.adminUrl('trial') });
    await client.connect();
    await postgres.kill('SIGSTOP');
    let answered = false;
    const answer = client.query('SELECT 1').then(() => (answered = true));
    await expect(query('SELECT 1', 500)).rejects.toThrow('timeout');
    expect(answered).toBe(false);
    await postgres.kill('SIGCONT');
    await answer;
    await client.end();
  });

  it('leaves none of its processes behind when it is killed while it is frozen', async () => {
    const client = new Client({ connectionString: postgres.adminUrl('trial') });
    client.on('error', () => {});
    await client.connect();
    await postgres.kill('SIGSTOP');
    expect(await postgres.state()).toBe('stopped');
    await postgres.kill('SIGKILL');
    expect(await postgres.state()).toBe('dead');
    expect(processesIn(await realpath(join(place.path, 'with a space/data')))).toEqual([]);
    await postgres.restart();
    expect(await postgres.state()).toBe('running');
    expect(await query('SELECT answer FROM kept')).toEqual([42]);
  });

  it('is not started again by a restart that it was stopped in', async () => {
    const restarted = postgres.restart().catch((error: Error) => error.message);
    await postgres.stop();
    expect(await restarted).toBe('Postgres was stopped while it started');
    expect(processesIn(await realpath(join(place.path, 'with a space/data')))).toEqual([]);
    postgres = await start();
  });

  it('stops within seconds while it is frozen', async () => {
    await postgres.kill('SIGSTOP');
    await postgres.stop();
    postgres = await start();
    expect(await query('SELECT answer FROM kept')).toEqual([42]);
  });

  it('names the process that holds the port it was given', async () => {
    const other = startPostgres({
      directory: join(place.path, 'other'),
      port: postgres.port,
      durable: false,
    });
    await expect(other).rejects.toThrow(
      `port ${postgres.port} is taken by postgres (process ${postgres.pid})`,
    );
  });

  it('tells what Postgres said when it cannot start', async () => {
    const settings = { no_such_setting: 1 };
    const other = startPostgres({ directory: join(place.path, 'other'), durable: false, settings });
    await expect(other).rejects.toThrow(/unrecognized configuration parameter "no_such_setting"/);
  });
});
