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
  server = await startServer(() => 201);
});
afterEach(async () => {
  await server.stop();
  await rm(directory, { recursive: true });
});

describe('payFile, told to wait before its rows', () => {
  const pay = async (beforeRow: (row: number) => Promise<void>) => {
    const file = join(directory, 'p.csv');
    await writeFile(file, `src,dest,amount\n${'bianca,marc,1\n'.repeat(20)}`);
    return payFile({ file, url: server.url, run: 'r', beforeRow, concurrency: 4 });
  };

  it('starts a row when it may, asks for rows in their order, and does not count the waiting as the row’s time', async () => {
    const asked: number[] = [];
    const gate = Promise.withResolvers<void>();
    const paying = pay(async (row) => {
      asked.push(row);
      if (row > 10) await gate.promise;
    });
    while (server.requests.length < 10 || asked.length < 14) await new Promise(setImmediate);
    const openedAt = performance.now();
    gate.resolve();
    const { summary } = await paying;
    expect(server.requests.filter(({ atMs }) => atMs < openedAt)).toHaveLength(10);
    expect(asked).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
    expect(summary.accepted).toBe(20);
  });

  it('ends with what the waiting ended with, and starts no more rows', async () => {
    const paying = pay((row) => (row < 6 ? Promise.resolve() : Promise.reject(new Error('no more'))));
    await expect(paying).rejects.toThrow('no more');
    expect(server.requests.length).toBeLessThanOrEqual(5);
  });
});
