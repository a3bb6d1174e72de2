import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run as runCli } from '../test/run.js';

let directory: string;
let file: string;
let server: Server;
let url: string;
/** By key, in the order of requests; those without a key under ''. */
let keys: string[];
/** Rows whose attempts are reset. */
let down: Set<string>;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pay-'));
  file = join(directory, 'p.csv');
  await writeFile(file, `src,dest,amount\n${'bianca,marc,1\n'.repeat(10)}`);
  keys = [];
  down = new Set();
  server = createServer((request, response) => {
    const key = String(request.headers['idempotency-key'] ?? '');
    const status = key !== '' && keys.includes(key) ? 208 : 201;
    request.resume().on('end', () => {
      if (down.has(key.split('/')[1] ?? '')) return void request.socket.resetAndDestroy();
      keys.push(key);
      response.writeHead(status).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(directory, { recursive: true });
});

const pay = (flags = '') => runCli(`pay ${file} ${flags}`, { PAID_ONCE_LINK_URL: url });
const unfinished = async () => (await readdir(directory)).filter((name) => name.endsWith('.journal'));
const everyRow = Array.from({ length: 10 }, (_, index) => String(index + 1));

/** Leaves a run unfinished: rows 7 to 10 got no answer. @returns its name */
async function leaveUnfinished(): Promise<string> {
  down = new Set(['7', '8', '9', '10']);
  await pay('--no-retry');
  down.clear();
  return (await unfinished())[0]?.split('.')[2] ?? '';
}

describe('pay', () => {
  it('counts attempts, 201, 208, refusals, resets and time-outs', async () => {
    const { exitCode, stdout } = await pay('--run r');
    expect(exitCode).toBe(0);
    expect(stdout).toContain('✓ 10 of 10 rows paid');
    expect(stdout).toContain('10 attempts: 0 resets, 0 time-outs · rows: 10 × 201, 0 × 208, 0 refused');
    expect((await pay('--run r')).stdout).toContain('rows: 0 × 201, 10 × 208, 0 refused');
  });
  it('prints the object of the contract with --json, then resets and time-outs', async () => {
    down = new Set(['2']);
    const { stdout } = await pay('--json --no-retry');
    const summary: unknown = JSON.parse(stdout);
    expect(Object.keys(summary as object).join()).toBe(
      'rows,attempts,accepted,replayed,refused,failed,seconds,p50Ms,p95Ms,p99Ms,resets,timeouts',
    );
    expect(summary).toMatchObject({ rows: 10, attempts: 10, accepted: 9, failed: 1, resets: 1, timeouts: 0 });
  });
  it('goes on with an unfinished run, says so, and pays nobody twice', async () => {
    const name = await leaveUnfinished();
    const { exitCode, stdout } = await pay();
    expect(exitCode).toBe(0);
    expect(stdout).toContain(
      `An unfinished run of this file was found (run ${name}, 6 of 10 rows done): going on with it. --fresh begins a new one and pays everybody again.`,
    );
    expect(stdout).toContain('✓ 10 of 10 rows paid');
    expect(stdout).toContain('rows, with the 6 rows done before: 10 × 201, 0 × 208');
    expect(new Set(keys)).toEqual(new Set(everyRow.map((row) => `${name}/${row}`)));
    expect(await unfinished()).toEqual([]);
  });
  it('says with --json on stderr what it goes on with', async () => {
    await leaveUnfinished();
    const { stdout, stderr } = await pay('--json');
    expect(stderr).toContain('An unfinished run of this file was found');
    expect(stdout.trim().split('\n')).toHaveLength(1);
  });
  it('pays everybody again with --fresh', async () => {
    const name = await leaveUnfinished();
    const { stdout } = await pay('--fresh');
    expect(stdout).toContain(`only --run ${name} goes on with it`);
    expect(stdout).toContain('10 × 201');
    expect(new Set(keys).size).toBe(6 + 10);
  });
  it('says which rows have no answer, what was not sent, and what goes on', async () => {
    down = new Set(everyRow);
    const { exitCode, stdout } = await pay(`--time-limit 50ms --run r --url ${url}/`);
    expect(exitCode).toBe(3);
    expect(stdout).toContain(`10 rows have no answer from ${url}: paid or not, nobody can tell yet.`);
    expect(stdout).toContain(`→ npx paid-once pay ${file} --run r --url ${url}`);
    expect(await unfinished()).toEqual(['p.csv.r.journal']);
  });
  it('keeps no journal with --no-journal, and says by what name the run goes on', async () => {
    down = new Set(['1']);
    const { stdout } = await pay('--no-retry --no-journal');
    expect(await unfinished()).toEqual([]);
    expect(stdout).toMatch(/→ npx paid-once pay \S+ --run [0-9a-f]{16} --no-retry --no-journal/);
  });
  it('without keys promises nothing', async () => {
    down = new Set(['']);
    server.removeAllListeners('request').on('request', (request) => request.socket.resetAndDestroy());
    const { exitCode, stdout } = await pay('--no-keys --no-retry');
    expect(exitCode).toBe(3);
    expect(stdout).toContain('to repeat it pays everybody again');
    expect(stdout).not.toContain('→');
    expect(await unfinished()).toEqual([]);
  });
  it('pays nobody when the file was changed under the run that was asked for', async () => {
    const name = await leaveUnfinished();
    await writeFile(file, `src,dest,amount\n${'bianca,marc,2\n'.repeat(10)}`);
    const { exitCode, stderr } = await pay(`--run ${name}`);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('is of another file');
    expect(stderr).toContain('Nothing was paid.');
    expect(keys).toHaveLength(6);
  });
  it('says when stopped what is done, what is not, and what goes on', async () => {
    server.removeAllListeners('request').on('request', (request, response) => {
      keys.push(String(request.headers['idempotency-key']));
      if (keys.length < 4) return void request.resume().on('end', () => response.writeHead(201).end('{}'));
      process.emit('SIGINT'); // the fourth never gets an answer
    });
    const { exitCode, stdout } = await pay('--concurrency 1 --run r');
    expect(exitCode).toBe(3);
    expect(stdout).toContain('✗ 3 of 10 rows paid');
    expect(stdout).toContain('1 row has no answer');
    expect(stdout).toContain('6 rows were not sent: nothing was paid for them.');
    expect(stdout).toContain(`→ npx paid-once pay ${file} --run r`);
  });
  it.each([
    ['--time-limit soon', 'It is a time like'],
    ['--time-limit 0s', 'It is a time like'],
    ['--time-limit 10', 'It is a time like'],
    ['--time-limit 2s --no-retry', 'cannot be used with'],
    ['--fresh --run r', 'cannot be used with'],
    ['--run a/b', 'letters, digits'],
    ['--url localhost:8888', 'It is an address like'],
    ['--concurrency 1.5', 'whole number'],
  ])('%s is a usage error: exit 2, and nothing was sent', async (flags, why) => {
    const { exitCode, stdout, stderr } = await pay(flags);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toContain(why);
    expect(keys).toEqual([]);
  });
  it('V9: pays nobody for a file that has a bad row, or the others if told to, and nobody for one that is not there', async () => {
    await writeFile(file, 'src,dest,amount\nbianca,marc,x\n');
    const bad = await pay();
    expect(bad.exitCode).toBe(2);
    expect(bad.stderr).toMatch(/p\.csv:2:13: "x" is no amount[^]*Nothing was paid/);
    await writeFile(file, 'src,dest,amount\nbianca,marc,x\nbianca,marc,1\n');
    const others = await pay('--skip-bad-rows');
    expect([others.exitCode, keys.length]).toEqual([1, 1]);
    expect(others.stdout).toContain('p.csv:2:13: "x" is no amount');
    await rm(file);
    const missing = await pay();
    expect(missing.exitCode).toBe(2);
    expect(missing.stderr).toMatch(/ENOENT[^]*Nothing was paid/);
  });
});
