import { afterEach, describe, expect, it } from '@jest/globals';
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { everybodyIsPaidOnce, journals, killAfter, pay, rig, start, useRig } from './test/journal-rig.js';
import { killProcess, startPayerProcess } from './test/payer-process.js';

useRig();
let child: ChildProcess | undefined;
afterEach(() => void child?.kill('SIGKILL'));

describe('a payer that was killed', () => {
  it('is gone on with: the rest is paid, and nobody twice', async () => {
    const half = Promise.withResolvers<void>();
    await start(400, (_, seen) => void (seen === 200 && half.resolve()));
    child = startPayerProcess({ file: rig.file, url: rig.payments.url, journal: 'beside-file' });
    await half.promise;
    await killProcess(child);
    const before = rig.payments.accepted.size;
    expect(before).toBeLessThan(400);
    const { summary, continued, run } = await pay();
    await everybodyIsPaidOnce(400);
    expect(summary).toMatchObject({ rows: 400, failed: 0 });
    expect(summary.accepted + summary.replayed).toBe(400);
    expect(continued?.run).toBe(run);
    // What was accepted and is not in the journal was on its way when it was killed: at most one row for each of 8.
    expect(before - (continued?.done ?? 0)).toBeLessThanOrEqual(8);
    // Of what was done before, one row alone is asked for again.
    expect(rig.payments.requests.length).toBeLessThanOrEqual(400 + 8 + 1);
    expect(await journals()).toEqual([]);
  }, 60_000);
  it('had its keys fixed before the first attempt', async () => {
    let atFirst = '';
    await start(3, (request, seen) => {
      if (seen === 1)
        atFirst = readFileSync(join(rig.directory, `p.csv.${request.key?.split('/')[0]}.journal`), 'utf8');
      return undefined;
    });
    const { run } = await pay();
    expect(atFirst.split('\n')).toHaveLength(2);
    expect(JSON.parse(atFirst)).toMatchObject({ run, rows: 3, pid: process.pid, host: hostname() });
    expect(JSON.parse(atFirst)).toMatchObject({ sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });
  it('while it wrote, loses nothing but a 208', async () => {
    await start(10);
    const { run, path } = await killAfter(5);
    await writeFile(path, (await readFile(path, 'utf8')).slice(0, -12));
    const { summary, continued } = await pay();
    expect(continued).toEqual({ run, done: 4 });
    expect(summary).toMatchObject({ accepted: 9, replayed: 1 });
    await everybodyIsPaidOnce(10);
  });
  it('twice, with a torn line each time, is gone on with once more', async () => {
    await start(10);
    const { run, path } = await killAfter(3);
    await appendFile(path, '{"row":4,"outc');
    const again = await killAgain(path, 6);
    expect(again).toEqual({ run, done: 3 });
    expect((await pay()).continued).toEqual({ run, done: 6 });
    await everybodyIsPaidOnce(10);
  });
  it('after its last row, has left nothing to pay', async () => {
    await start(3);
    const { run, path } = await killAfter(2);
    await appendFile(path, '{"row":3,"outcome":"accepted"}\n');
    const { summary, continued } = await pay();
    expect(continued).toEqual({ run, done: 3 });
    expect(summary).toMatchObject({ rows: 3, accepted: 3, replayed: 0, attempts: 1 });
    expect(await journals()).toEqual([]);
  });
  it('before it had written its first line, has sent nothing and is no run', async () => {
    await start(3);
    await writeFile(join(rig.directory, 'p.csv.r.journal'), '{"run":"r","sha2');
    const { continued } = await pay();
    expect(continued).toBeUndefined();
    const named = await pay({ run: 'r' });
    expect(named).toMatchObject({ run: 'r', continued: undefined });
    expect(await journals()).toEqual([]);
  });

  async function killAgain(path: string, upTo: number) {
    const stop = new AbortController();
    const { continued } = await pay({
      concurrency: 1,
      signal: stop.signal,
      onProgress: ({ done }) => done === upTo && stop.abort(),
    });
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
    lines.pop();
    const text = lines.join('\n').replaceAll(/"processStart":\d+/g, '"processStart":1');
    await writeFile(path, `${text}\n{"row":7,"o`);
    return continued;
  }
});
