import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkout } from '../checkout.js';
import { asExpected } from './test/results.js';

const markers = ['<!-- chapters: made by scripts/readme-table.mjs, do not edit -->', '<!-- /chapters -->'];
const measured = {
  date: '2026-11-22T06:00:00.000Z',
  machine: {
    cpus: 2,
    memory: '24 GiB',
    node: '24.21.0',
    postgres: '18.4',
    rabbitmq: '3.10.8',
    os: 'Linux 6',
  },
  seed: 7,
  rows: 1_000,
  faults: [],
  chapters: asExpected,
  alternatives: { redisRecipe: { skipped: 'no Redis here' }, twoPhaseCommit: { skipped: 'no time' } },
};

let directory = '';
beforeAll(async () => void (directory = await mkdtemp(join(tmpdir(), 'readme-table-'))));
afterAll(() => rm(directory, { recursive: true }));
beforeEach(async () => {
  await writeFile(join(directory, 'README.md'), `before\n${markers.join('\nold\n')}\nafter\n`);
  await writeFile(join(directory, 'measured.json'), JSON.stringify(measured));
});

function script(...args: string[]) {
  const { status, stderr } = spawnSync(
    process.execPath,
    [
      join(checkout, 'scripts/readme-table.mjs'),
      '--readme',
      join(directory, 'README.md'),
      '--measured',
      join(directory, 'measured.json'),
      ...args,
    ],
    { encoding: 'utf8' },
  );
  return { status, stderr };
}
const readme = () => readFile(join(directory, 'README.md'), 'utf8');

describe('the README’s table', () => {
  it('is made from what was measured, between its markers, and says when and on what', async () => {
    expect(script()).toEqual({ status: 0, stderr: '' });
    const text = await readme();
    expect(text).toMatch(/^before\n<!--/);
    expect(text).toMatch(/-->\nafter\n$/);
    expect(text).not.toContain('old');
    expect(text).toContain(
      '| 1 naive: sent once, no key | **60** (EUR 60.00) | 0 | **28** (EUR 28.00) | 0 | 12 / 346 | 79 | 6.2 · 1.0 · 10.5 |',
    );
    expect(text).toContain(
      'Measured on 22 November 2026 with 1,000 payments, seed 7, on 2 CPUs, 24 GiB, Linux 6; Node 24.21.0',
    );
  });

  it('passes the check as it was made, and no other way', async () => {
    expect(script('--check').status).toBe(1);
    script();
    expect(script('--check')).toEqual({ status: 0, stderr: '' });
    const text = await readme();
    await writeFile(join(directory, 'README.md'), text.replace('EUR 60.00', 'EUR 59.00'));
    expect(script('--check')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('not what was measured'),
    });
    expect(await readme()).toContain('EUR 59.00'); // a check changes nothing
  });

  it('needs its markers', async () => {
    await writeFile(join(directory, 'README.md'), 'none\n');
    expect(script()).toMatchObject({ status: 1, stderr: expect.stringContaining('lacks the markers') });
    expect(await readme()).toBe('none\n');
  });
});
