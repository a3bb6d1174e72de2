import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { PaymentsDatabase, startPayments } from '../apps/payments/test/payments-app.js';
import { eventually } from './support/test-stack.js';

const rows = 600;
const program = join(import.meta.dirname, '../apps/cli/bin/paid-once.mjs');
let database: PaymentsDatabase;
let app: NestFastifyApplication;
let directory: string;
let url: string;

beforeAll(async () => {
  database = await PaymentsDatabase.create();
  app = await startPayments(database);
  await app.listen(0, '127.0.0.1');
  url = await app.getUrl();
  directory = await mkdtemp(join(tmpdir(), 'paid-once-killed-'));
}, 60_000);
afterAll(async () => {
  await app.close();
  await database.drop();
  await rm(directory, { recursive: true });
});

/** The command line as a user calls it, in a process of its own. */
function startPay() {
  return spawn(process.execPath, [program, 'pay', 'p.csv', '--url', url], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
}

it('pays each row exactly once when the payer is killed half-way and called again', async () => {
  const csv = Array.from({ length: rows }, (_, index) => `payer${index + 1},marc,1\n`).join('');
  await writeFile(join(directory, 'p.csv'), `src,dest,amount\n${csv}`);

  const killed = startPay();
  const gone = once(killed, 'exit');
  await eventually(async () => (await database.count('payment_event')) >= rows / 4, 'a quarter is paid');
  killed.kill('SIGKILL');
  expect(await gone).toEqual([null, 'SIGKILL']);
  expect(await database.count('payment_event')).toBeLessThan(rows);
  expect(await readdir(directory)).toHaveLength(2);

  const second = startPay();
  const ended = once(second, 'exit');
  const said = await text(second.stdout);
  expect(await ended).toEqual([0, null]);
  expect(said).toMatch(
    /^An unfinished run of this file was found \(run \w+, \d+ of 600 rows done\): going on/,
  );
  expect(said).toContain('✓ 600 of 600 rows paid');

  const [sums] = await database.rows(`
    SELECT count(*)::int AS payments, count(DISTINCT src)::int AS payers,
           count(DISTINCT split_part(idempotency_key, '/', 1))::int AS runs
      FROM payment_event`);
  expect(sums).toEqual({ payments: rows, payers: rows, runs: 1 });
  expect(await readdir(directory)).toEqual(['p.csv']);
}, 120_000);
