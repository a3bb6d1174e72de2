import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { payFile } from './index.js';
import { startServer } from './test/scripted-server.js';

let directory: string;
let server: Awaited<ReturnType<typeof startServer>>;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'payer-'));
  server = await startServer((_, attempt) => (attempt === 1 ? 503 : 201));
});
afterEach(async () => {
  await server.stop();
  await rm(directory, { recursive: true });
});

describe('payFile with keepAlive: false', () => {
  it.each([1, 8])('makes each attempt on a connection of its own, %i at a time', async (concurrency) => {
    const file = join(directory, 'p.csv');
    await writeFile(file, `src,dest,amount\n${'bianca,marc,1\n'.repeat(100)}`);
    const retry = { firstDelayMs: 1, maxDelayMs: 1 };
    const { summary } = await payFile({ file, url: server.url, keepAlive: false, concurrency, retry });
    expect(summary.attempts).toBe(200);
    expect(server.connections()).toBe(200);
    expect(new Set(server.requests.map(({ headers }) => headers.connection))).toEqual(new Set(['close']));
  });
});
