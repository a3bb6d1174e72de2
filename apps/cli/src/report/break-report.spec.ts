import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { breakKinds, type BreakRow } from '@paid-once/compare';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { BreakReport } from './break-report.js';
import { formatOf, type ReportFormat } from './report-formats.js';

let directory: string;
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), 'paid-once-report-'))));
afterEach(() => rm(directory, { recursive: true }));

const row: BreakRow = {
  kind: 'missing',
  paymentId: '019a0000-0000-7000-8000-000000000001',
  type: 'payment.accepted',
  messageId: null,
  src: 'bianca',
  dest: 'marc',
  amount: '12.50',
  currency: 'EUR',
  since: '2026-11-22T09:00:00.000Z',
  ageSeconds: 61.5,
  detail: '',
};

async function written(name: string, rows: BreakRow[]): Promise<string> {
  const file = join(directory, name);
  const report = new BreakReport(file, formatFor(name));
  await report.begin();
  for (const each of rows) await report.add(each);
  await report.finish();
  await report.discard();
  return readFile(file, 'utf8');
}

function formatFor(name: string): ReportFormat {
  const format = formatOf(name);
  if (!format) throw new Error(`no format for ${name}`);
  return format;
}

describe('a report of the breaks', () => {
  it('is CSV, JSON or NDJSON by its name, with a next step for every class', async () => {
    const rows = breakKinds.map((kind) => ({ ...row, kind }));
    const csv = await written('breaks.csv', rows);
    expect(csv.split('\n')[0]).toBe(
      'class,paymentId,type,messageId,src,dest,amount,currency,since,ageSeconds,detail,nextStep',
    );
    const parsed: Record<string, string>[] = parse(csv, { columns: true });
    const json = JSON.parse(await written('breaks.json', rows)) as Record<string, string>[];
    const lines = (await written('breaks.ndjson', rows)).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as object)).toEqual(json);
    expect(parsed.map((each) => each['class'])).toEqual([...breakKinds]);
    for (const each of json) expect(each['nextStep']).not.toBe('');
    expect(json[0]).toMatchObject({ amount: '12.50', ageSeconds: 61.5, messageId: null });
    expect(JSON.parse(await written('none.json', []))).toEqual([]);
    expect(formatOf('breaks.xlsx')).toBeUndefined();
  });

  it('V12: holds no text that a spreadsheet takes for a formula, and its amounts stay numbers', async () => {
    const formula = fc.tuple(
      fc.constantFrom('=', '+', '-', '@', '\t', '\r', '\uFF1D', '\uFF0B', '\uFF0D', '\uFF20'),
      fc.string({ maxLength: 20 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(formula, { minLength: 1, maxLength: 20 }), async (formulas) => {
        const texts = formulas.map(([first, rest]) => first + rest);
        const csv = await written(
          'unsafe.csv',
          texts.map((text) => ({ ...row, src: text, dest: text, messageId: text, detail: text })),
        );
        const cells: string[][] = parse(csv);
        for (const cell of cells.flat()) expect(cell).not.toMatch(/^[=+\-@\t\r\uFF1D\uFF0B\uFF0D\uFF20]/);
        for (const [index, line] of cells.slice(1).entries()) {
          expect(line[4]).toBe(`'${texts[index]}`);
          expect([line[6], line[9]]).toEqual(['12.50', '61.5']);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('says of what was given up that a person decided it', async () => {
    const dropped = { by: 'ann', why: 'paid by hand' };
    const [line] = (await written('x.ndjson', [{ ...row, kind: 'parked', dropped }])).split('\n');
    expect(JSON.parse(line ?? '')).toMatchObject({
      class: 'parked',
      nextStep: expect.stringContaining('none: a person decided it'),
    });
    expect(JSON.parse(line ?? '')).not.toHaveProperty('dropped');
  });

  it('leaves the file before it as it was until it is whole, and when it never is', async () => {
    const file = join(directory, 'breaks.ndjson');
    await writeFile(file, 'of yesterday');
    const report = new BreakReport(file, formatFor(file));
    await report.begin();
    await report.add(row);
    expect(await readFile(file, 'utf8')).toBe('of yesterday');
    await report.discard();
    expect(await readdir(directory)).toEqual(['breaks.ndjson']);
    expect(await readFile(file, 'utf8')).toBe('of yesterday');
  });

  it('begun again holds the rows of the last comparison only', async () => {
    const file = join(directory, 'breaks.ndjson');
    const report = new BreakReport(file, formatFor(file));
    await report.begin();
    for (let index = 0; index < 10; index++) await report.add(row);
    await report.begin();
    await report.add({ ...row, kind: 'parked' });
    await report.finish();
    expect((await readFile(file, 'utf8')).trimEnd().split('\n')).toHaveLength(1);
    expect(await readdir(directory)).toEqual(['breaks.ndjson']);
  });

  it('says that it cannot be written when the disk is full, whenever that shows, and leaves what was there', async () => {
    for (const rows of [1, 10_000]) {
      const file = join(directory, 'breaks.csv');
      await writeFile(file, 'of yesterday');
      await symlink('/dev/full', `${file}.${process.pid}.unfinished`);
      const report = new BreakReport(file, formatFor(file));
      const write = async () => {
        await report.begin();
        for (let index = 0; index < rows; index++) await report.add(row);
        await report.finish();
      };
      await expect(write()).rejects.toMatchObject({
        name: 'CliFailure',
        exitCode: 3,
        happened: expect.stringContaining('no space left on device'),
      });
      await report.discard();
      expect(await readdir(directory)).toEqual(['breaks.csv']);
      expect(await readFile(file, 'utf8')).toBe('of yesterday');
    }
  });

  it('says that it cannot be written where there is no such directory', async () => {
    const report = new BreakReport(join(directory, 'no', 'breaks.csv'), formatFor('breaks.csv'));
    await expect(report.begin()).rejects.toMatchObject({ name: 'CliFailure', exitCode: 2 });
  });
});
