import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Client } from 'pg';
import { containerEngine, postgresImage, rabbitMqImage } from './container-engine.js';
import { answersManagement } from './rabbitmq-address.js';
import type { Servers } from './server.js';
import { startServers } from './servers.js';

jest.setTimeout(240_000);

/** @returns why there are none here; undefined when there can be */
async function whyNoContainers(): Promise<string | undefined> {
  const engine = await containerEngine(10_000);
  if (typeof engine === 'string') return engine;
  for (const image of [postgresImage, rabbitMqImage])
    if (!(await engine.hasImage(image))) return `the image ${image} is not on this machine`;
  return undefined;
}

const missing = await whyNoContainers();
if (missing !== undefined) process.stderr.write(`skipped: servers in containers (${missing})\n`);
const describeHere = missing === undefined ? describe : describe.skip;

describeHere(`servers in containers${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
  let servers: Servers;

  async function query(sql: string): Promise<unknown[]> {
    const client = new Client({
      connectionString: servers.ledgerDb.adminUrl('ledger'),
      connectionTimeoutMillis: 2_000,
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
    servers = await startServers({ kind: 'containers', durable: false, keep: false });
  });

  afterAll(async () => {
    await servers?.stop();
    await servers?.stop();
  });

  it('keep data, ports and passwords over kill -9 and a pause', async () => {
    await query('CREATE TABLE kept AS SELECT 42 AS answer');
    await servers.ledgerDb.kill('SIGKILL');
    expect(await servers.ledgerDb.state()).toBe('dead');
    await expect(query('SELECT 1')).rejects.toThrow();
    await servers.ledgerDb.restart();
    expect(await query('SELECT answer FROM kept')).toEqual([42]);
    await servers.ledgerDb.kill('SIGSTOP');
    expect(await servers.ledgerDb.state()).toBe('stopped');
    await expect(query('SELECT 1')).rejects.toThrow('timeout');
    await servers.ledgerDb.kill('SIGCONT');
    expect(await query('SELECT answer FROM kept')).toEqual([42]);
    expect(await servers.ledgerDb.state()).toBe('running');
  });

  it('are killed and restarted while they are paused', async () => {
    await servers.ledgerDb.kill('SIGSTOP');
    await servers.ledgerDb.kill('SIGKILL');
    expect(await servers.ledgerDb.state()).toBe('dead');
    await servers.ledgerDb.restart();
    await servers.ledgerDb.kill('SIGSTOP');
    await servers.ledgerDb.restart({ quick: true });
    expect(await query('SELECT answer FROM kept')).toEqual([42]);
  });

  it('E2 E10: have a broker that obeys rabbitmqctl and comes back after kill -9', async () => {
    const { broker } = servers;
    expect(await broker.ctl(['list_users'])).toContain('admin');
    expect(await broker.ctl(['list_users'])).not.toContain('guest');
    await broker.kill('SIGKILL');
    expect(await answersManagement(broker.adminUrl)).toBe(false);
    await broker.restart({ quick: true });
    expect(await answersManagement(broker.adminUrl)).toBe(true);
  });
});
