import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { poll } from './poll.js';
import { portHolder } from './ports.js';
import { startRabbitMq } from './rabbitmq.js';
import type { RabbitServer } from './server.js';
import { throwAwayDirectory, type ThrowAwayDirectory } from './state-directory.js';

jest.setTimeout(240_000);

let place: ThrowAwayDirectory;
let rabbit: RabbitServer;

async function start(name = 'with a space'): Promise<RabbitServer> {
  return startRabbitMq({ directory: join(place.path, name) });
}

async function management(
  path: string,
  options: { url?: string; method?: string; body?: object } = {},
): Promise<Response> {
  const { origin, username, password } = new URL(options.url ?? rabbit.adminUrl);
  return fetch(`${origin}/api/${path}`, {
    method: options.method ?? 'GET',
    headers: { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` },
    ...(options.body && { body: JSON.stringify(options.body) }),
  });
}

async function queueNames(): Promise<string[]> {
  const queues = (await (await management(`queues/${rabbit.vhost}`)).json()) as { name: string }[];
  return queues.map(({ name }) => name);
}

beforeAll(async () => {
  place = await throwAwayDirectory('test');
  rabbit = await start();
  const body = { durable: true, arguments: { 'x-queue-type': 'quorum' } };
  expect((await management(`queues/${rabbit.vhost}/kept`, { method: 'PUT', body })).status).toBe(201);
});

afterAll(async () => {
  await rabbit?.stop({ quick: true });
  await place?.remove();
});

describe('a RabbitMQ of our own', () => {
  it('has an administrator and no guest', async () => {
    const users = (await (await management('users')).json()) as { name: string }[];
    expect(users.map(({ name }) => name)).toEqual(['admin']);
    const guest = rabbit.adminUrl.replace(/\/\/.*@/, '//guest:guest@');
    expect((await management('overview', { url: guest })).status).toBe(401);
  });

  it('listens on loopback only', async () => {
    const listening = (
      await Promise.all(['tcp', 'tcp6'].map((table) => readFile(`/proc/net/${table}`, 'utf8')))
    )
      .flatMap((table) => table.split('\n'))
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , , state]) => state === '0A')
      .map(([, local = '']) => local);
    for (const port of [rabbit.amqpPort, rabbit.managementPort]) {
      const hex = port.toString(16).toUpperCase().padStart(4, '0');
      expect(listening.filter((local) => local.endsWith(`:${hex}`))).toEqual([`0100007F:${hex}`]);
      expect((await portHolder(port))?.pid).toBe(rabbit.pid);
    }
  });

  it('obeys rabbitmqctl', async () => {
    expect(await rabbit.ctl(['list_vhosts', '--no-table-headers'])).toContain('paid-once');
    await rabbit.ctl(['set_vm_memory_high_watermark', '0.00001']);
    const alarmed = async (): Promise<true | undefined> =>
      (await management('health/checks/alarms')).status === 503 ? true : undefined;
    expect(await poll(alarmed, 20_000)).toBe(true);
    await rabbit.ctl(['set_vm_memory_high_watermark', '0.4']);
    await rabbit.ctl(['close_all_connections', 'a test']);
    await expect(rabbit.ctl(['no_such_command'])).rejects.toThrow('ended with 64');
  });

  it('E2: keeps its queues over kill -9, and its ports and passwords', async () => {
    const [killed, url] = [rabbit.pid, rabbit.adminAmqpUrl];
    await rabbit.kill('SIGKILL');
    await expect(management('overview')).rejects.toThrow();
    await rabbit.restart();
    expect(rabbit.pid).not.toBe(killed);
    expect(rabbit.adminAmqpUrl).toBe(url);
    expect(await queueNames()).toEqual(['kept']);
  });

  it('keeps all that when another process starts it again', async () => {
    const url = rabbit.adminAmqpUrl;
    await rabbit.stop();
    rabbit = await start();
    expect(rabbit.adminAmqpUrl).toBe(url);
    expect(await queueNames()).toEqual(['kept']);
  });

  it('runs beside another one', async () => {
    const other = await start('other');
    try {
      expect(other.amqpPort).not.toBe(rabbit.amqpPort);
      expect((await management('overview', { url: other.adminUrl })).ok).toBe(true);
      expect(await queueNames()).toEqual(['kept']);
    } finally {
      await other.stop({ quick: true });
    }
    expect(await queueNames()).toEqual(['kept']);
  });

  it('freezes whole, and stops all the same', async () => {
    await rabbit.kill('SIGSTOP');
    const asked = fetch(rabbit.adminUrl.replace(/\/\/.*@/, '//'), { signal: AbortSignal.timeout(500) });
    await expect(asked).rejects.toThrow('timeout');
    await rabbit.stop({ quick: true });
    expect(await portHolder(rabbit.amqpPort)).toBeUndefined();
  });
});
