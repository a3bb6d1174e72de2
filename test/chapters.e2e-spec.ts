import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { once } from 'node:events';
import { checkout } from '../apps/cli/src/checkout.js';
import { chapterResult, type ChapterResult } from '../apps/cli/src/chapters/chapter-result.js';

jest.setTimeout(600_000);

let directory = '';
let exitCode: unknown;
let printed = '';
let told = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'chapters-'));
  const program = spawn(
    process.execPath,
    [
      join(checkout, 'apps/cli/bin/paid-once.mjs'),
      'chapters',
      '--quick',
      '--json',
      '--out',
      join(directory, 'measured.json'),
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const ended = once(program, 'close');
  [printed, told] = await Promise.all([text(program.stdout), text(program.stderr)]);
  [exitCode] = (await ended) as [number | null];
});
afterAll(() => rm(directory, { recursive: true }));

describe('paid-once chapters --quick --json', () => {
  const results = (): ChapterResult[] =>
    chapterResult
      .strict()
      .array()
      .parse(JSON.parse(printed.trim().split('\n').at(-1) ?? ''));
  const of = (chapter: number) => results().find((each) => each.chapter === chapter);
  const none = { count: 0, euros: '0.00' };
  const some = { count: expect.any(Number), euros: expect.stringMatching(/^[1-9]\d*\.00$/) };

  it('ends with exit code 0, and prints one line: the array of the four chapters', () => {
    expect({ exitCode, told: exitCode === 0 ? '' : told }).toEqual({ exitCode: 0, told: '' });
    expect(printed.trim().split('\n')).toHaveLength(1);
    expect(results().map(({ chapter }) => chapter)).toEqual([1, 2, 3, 4]);
  });

  it('finds that chapter 1 loses money on both hops', () => {
    expect(of(1)).toMatchObject({ attempts: 200, clientHop: { lost: some }, ledgerHop: { lost: some } });
  });

  it.each([2, 3])('finds that chapter %i pays twice on both hops, and loses nothing', (chapter) => {
    const hop = { lost: none, twice: some };
    expect(of(chapter)).toMatchObject({ clientHop: hop, ledgerHop: hop });
  });

  it('finds that chapter 4 loses nothing and pays nothing twice, under the same faults', () => {
    const hop = { intended: 200, recorded: 200, lost: none, twice: none };
    expect(of(4)).toMatchObject({ clientHop: hop, ledgerHop: hop });
    expect(of(4)?.attempts).toBeGreaterThan(200);
    expect(of(4)?.cost.messages).toBeGreaterThanOrEqual(1);
    expect(of(4)?.cost.statements).toBeGreaterThan(1);
  });

  it('saves it with date, machine, seed, faults and the alternatives', async () => {
    expect(JSON.parse(await readFile(join(directory, 'measured.json'), 'utf8'))).toMatchObject({
      date: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      machine: { postgres: expect.stringMatching(/^\d/), rabbitmq: expect.stringMatching(/^\d/) },
      seed: expect.any(Number),
      rows: 200,
      chapters: results(),
      alternatives: { redisRecipe: expect.any(Object), twoPhaseCommit: expect.any(Object) },
    });
  });
});
