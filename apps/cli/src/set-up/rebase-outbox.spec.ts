import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rebaseOutbox } from './rebase-outbox.js';

let directory = '';
beforeAll(async () => void (directory = await mkdtemp(join(tmpdir(), 'rebase-'))));
afterAll(() => rm(directory, { recursive: true }));

/** Runs a program in the place of payments' own. */
async function rebase(source: string, force = false) {
  const program = join(directory, 'rebase.mjs');
  await writeFile(program, source);
  const said: string[] = [];
  const ended = rebaseOutbox({ env: process.env, say: (line) => said.push(line), force, program });
  return { said, ended: await ended.catch((error: unknown) => error) };
}

describe('outbox rebase', () => {
  it('tells the progress as it comes, and returns what was done', async () => {
    const { said, ended } = await rebase(
      `console.error('rebase: 10000 messages'); console.log('{"rows":10000,"shards":4}')`,
    );
    expect(said).toEqual(['rebase: 10000 messages']);
    expect(ended).toEqual({ rows: 10_000, shards: 4 });
  });
  it('passes --force on', async () => {
    const { ended } = await rebase(`console.log(JSON.stringify({ given: process.argv.slice(2) }))`, true);
    expect(ended).toEqual({ given: ['--force'] });
  });
  it.each([
    ['the progress belongs to this cluster', 1, 1],
    ['connect ECONNREFUSED 127.0.0.1:5432', 1, 3],
    ['PAID_ONCE_PAYMENTS_ADMIN_DB_URL: not set', 78, 2],
  ])('that says "%s" and ends with %d is exit %d, and nothing is lost', async (reason, code, exitCode) => {
    const { ended } = await rebase(`console.error('rebase: ${reason}'); process.exitCode = ${code}`);
    expect(ended).toMatchObject({
      exitCode,
      happened: `The outbox was not rebased: ${reason}`,
      money: expect.stringContaining('Nothing is lost'),
    });
  });
});
