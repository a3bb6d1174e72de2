import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chapterFile } from './chapter-file.js';

let directory = '';
beforeAll(async () => void (directory = await mkdtemp(join(tmpdir(), 'chapter-file-'))));
afterAll(() => rm(directory, { recursive: true }));

const written = async (header: string, rows: string[]): Promise<string> => {
  const path = join(directory, 'rows.csv');
  await writeFile(path, [header, ...rows].join('\n'));
  return path;
};
const hundred = Array.from({ length: 100 }, (_, index) => `bianca,marc,${index + 1}.5,EUR,mine`);
const header = 'src,dest,amount,currency,reference';

describe('the file that every chapter pays', () => {
  it('has the rows without their references, which the payer needs for itself, and their amounts in cents', async () => {
    const { path, amounts, remove } = await chapterFile(await written(header, hundred));
    const copy = await readFile(path, 'utf8');
    expect(copy.split('\n').slice(0, 3)).toEqual(['src,dest,amount', 'bianca,marc,1.5', 'bianca,marc,2.5']);
    expect(amounts.slice(0, 3)).toEqual([150n, 250n, 350n]);
    expect(amounts).toHaveLength(100);
    await remove();
    await expect(readFile(path)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('is refused when there is none: nothing is started', async () => {
    await expect(chapterFile(join(directory, 'none.csv'))).rejects.toMatchObject({ exitCode: 2 });
  });

  it('ends after as many rows as were asked for', async () => {
    const { amounts, remove } = await chapterFile(await written(header, [...hundred, ...hundred]), 150);
    expect(amounts).toHaveLength(150);
    await remove();
  });

  it.each([
    ['too few rows', hundred.slice(1), 'has 99 rows'],
    ['another currency', [...hundred, 'bianca,marc,1,USD,'], 'rows.csv:102: is in USD'],
    ['no header', [], 'the header lacks'],
    ['a bad row', ['bianca,bianca,1,,', ...hundred], '"bianca" would pay itself'],
  ])('is refused with %s: nothing is started', async (_, rows, message) => {
    const refusal = chapterFile(await written(rows.length > 0 ? header : 'some,thing', rows));
    await expect(refusal).rejects.toMatchObject({ exitCode: 2, message: expect.stringContaining(message) });
  });
});
