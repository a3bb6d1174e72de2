import { afterEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { liveHeap } from '../../../test/support/live-heap.js';
import { paymentRows } from './csv-rows.js';

const directories: string[] = [];
afterEach(async () => {
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true });
});

async function csv(text: string | Buffer): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'payer-'));
  directories.push(directory);
  const file = join(directory, 'p.csv');
  await writeFile(file, text);
  return file;
}

async function rowsOf(text: string | Buffer) {
  const file = await csv(text);
  const rows = await Array.fromAsync(paymentRows(file));
  return rows.map((row) =>
    row.kind === 'bad' ? { ...row, message: row.message.replace(file, 'p.csv') } : row,
  );
}

const bianca = { kind: 'payment', src: 'bianca', dest: 'marc', amount: '1' };

describe('paymentRows', () => {
  it.each([
    ['V1: as it should be', 'src,dest,amount\nbianca,marc,1\nbianca,marc,1\n', [2, 3]],
    ['V4: without a last end of line', 'src,dest,amount\nbianca,marc,1', [2]],
    [
      'V1: with a byte order mark and CRLF',
      '\uFEFFsrc,dest,amount\r\nbianca,marc,1\r\nbianca,marc,1\r\n',
      [2, 3],
    ],
    [
      'V4: with blank lines, before and after',
      '\nsrc,dest,amount\n\n\nbianca,marc,1\n \nbianca,marc,1\n\n\n',
      [5, 7],
    ],
    ['V3: with columns in another order and spaces', ' amount, dest ,src\n1 , marc, bianca\n', [2]],
    ['V1: quoted, after a byte order mark', '\uFEFF"src","dest","amount"\n"bianca","marc","1"\n', [2]],
    ['V2: quoted', '"src","dest","amount"\n"bianca","marc","1"\n', [2]],
  ])('reads a file %s', async (_, text, lines) => {
    expect(await rowsOf(text)).toEqual(lines.map((line, index) => ({ ...bianca, line, row: index + 1 })));
  });
  it('reads currency and reference, and leaves empty ones out', async () => {
    const rows = await rowsOf(
      'src,dest,amount,currency,reference\nbianca,marc,1,JPY,"rent, may"\nbianca,marc,1,,\n',
    );
    expect(rows).toEqual([
      { ...bianca, line: 2, row: 1, currency: 'JPY', reference: 'rent, may' },
      { ...bianca, line: 3, row: 2 },
    ]);
  });
  it.each([
    ['bianca,marc', 'p.csv:3:12: has 2 columns instead of 3'],
    ['bianca,marc,1,2', 'p.csv:3:15: has 4 columns instead of 3'],
    ['bianca,marc,-1', 'p.csv:3:13: "-1" is no amount: digits, and a point before the decimals (EUR)'],
    ['bianca,marc,1.001', 'p.csv:3:13: "1.001" has more decimals than the currency (EUR)'],
    ['bianca,marc,0', 'p.csv:3:13: "0" is not more than zero (EUR)'],
    ['bianca,marc,', 'p.csv:3:13: "" is no amount: digits, and a point before the decimals (EUR)'],
    ['bianca,"ma,rc",1', 'p.csv:3:8: "ma,rc" is no account: 1 to 64 letters, digits, _ or -'],
    [',marc,1', 'p.csv:3:1: "" is no account: 1 to 64 letters, digits, _ or -'],
    ['marc,marc,1', 'p.csv:3:6: "marc" would pay itself'],
  ])('names what is wrong with %s, and where', async (line, message) => {
    const rows = await rowsOf(`src,dest,amount\nbianca,marc,1\n${line}\nbianca,marc,1\n`);
    expect(rows).toMatchObject([bianca, { kind: 'bad', line: 3, row: 2, message }, bianca]);
  });
  it('knows a currency that is none', async () => {
    expect(await rowsOf('src,dest,amount,currency\nbianca,marc,1,XYZ\n')).toMatchObject([
      { kind: 'bad', message: 'p.csv:2:15: "XYZ" is no ISO 4217 currency' },
    ]);
  });
  it.each([
    [
      'V1: whose lines end in three ways',
      'src,dest,amount\r\nbianca,marc,1\nbianca,marc,1\rbianca,marc,1',
      3,
    ],
    ['V2: with an end of line and doubled quotes within quotes', 'src,dest,amount\n"bi""a\nnca",marc,1\n', 1],
    ['V7: with leading zeros', 'src,dest,amount\nbianca,marc,007\n', 1],
  ])('reads a file %s', async (_, text, count) => {
    expect(await rowsOf(text)).toHaveLength(count);
  });

  it.each([
    ['V6: a NUL', 'a\0b', 'has control characters'],
    ['V6: an escape sequence for terminals', '\u001b[2J', 'has control characters'],
    ['V6: 141 characters', 'x'.repeat(141), 'is longer than 140 characters'],
  ])('refuses %s in a reference', async (_, reference, message) => {
    const rows = await rowsOf(`src,dest,amount,reference\nbianca,marc,1,${reference}\n`);
    expect(rows).toMatchObject([{ kind: 'bad', message: `p.csv:2:15: ${message}` }]);
  });

  it('V6: refuses what is not UTF-8, instead of paying with other letters', async () => {
    const rows = await rowsOf(
      Buffer.from('src,dest,amount,reference\nbianca,marc,1,Miete für Mai\n', 'latin1'),
    );
    expect(rows).toMatchObject([
      { kind: 'bad', message: 'p.csv:2:15: is not UTF-8: save the file in that encoding' },
    ]);
  });

  it.each([
    ['V7: of thousands', '"1.000,00"'],
    ['V7: that is a formula', '=1+1'],
    ['V7: with a blank within', '1 000'],
    ['V7: of other digits', '١٢'],
  ])('refuses an amount %s', async (_, amount) => {
    const rows = await rowsOf(`src,dest,amount\nbianca,marc,${amount}\n`);
    expect(rows).toMatchObject([{ kind: 'bad', message: expect.stringContaining('is no amount') }]);
  });

  it.each([
    [
      'V2: semicolons',
      'src;dest;amount\nbianca;marc;1\n',
      'p.csv:1:1: the columns are separated by semicolons',
    ],
    ['V2: tabs', 'src\tdest\tamount\nbianca\tmarc\t1\n', 'p.csv:1:1: the columns are separated by tabs'],
    [
      'V5: a field of a megabyte',
      `src,dest,amount\n${'x'.repeat(2 ** 20)},marc,1\n`,
      'p.csv:2:1: Max Record Size',
    ],
  ])('refuses a file with %s', async (_, text, message) => {
    await expect(rowsOf(text)).rejects.toThrow(message);
  });

  it('V11: follows a symlink, and passes on that a path is a directory', async () => {
    const file = await csv('src,dest,amount\nbianca,marc,1\n');
    const link = join(file, '..', 'link.csv');
    await symlink(file, link);
    expect(await Array.fromAsync(paymentRows(link))).toHaveLength(1);
    await expect(Array.fromAsync(paymentRows(join(file, '..')))).rejects.toMatchObject({ code: 'EISDIR' });
  });

  it('V5: reads a million rows in constant memory', async () => {
    const file = await csv(`src,dest,amount\n${'bianca,marc,1\n'.repeat(1_000_000)}`);
    const before = liveHeap();
    let rows = 0;
    let most = 0;
    for await (const row of paymentRows(file)) {
      if (++rows % 200_000 === 0) most = Math.max(most, liveHeap() - before);
      if (row.kind === 'bad') throw new Error(row.message);
    }
    expect(rows).toBe(1_000_000);
    expect(most).toBeLessThan(20 * 2 ** 20); // kept rows would be 300 MB
  }, 60_000);

  it.each([
    ['V4: nothing', '', /p\.csv:1:1: is empty/],
    ['V4: blank lines', '\n\n', /p\.csv:1:1: is empty/],
    ['V3: a column that is missing', 'src,dest\nbianca,marc\n', /p\.csv:1:1: the header lacks amount/],
    ['V3: a column too many', 'src,dest,amount,what\n', /p\.csv:1:17: the header has a column "what"/],
    ['V3: a column twice', 'src,dest,amount,src\n', /p\.csv:1:17: the header has a column "src"/],
    ['V3: no header', 'bianca,marc,1\n', /p\.csv:1:1: the header lacks src, dest, amount/],
    ['V2: an open quote', 'src,dest,amount\nbianca,"marc,1\n', /p\.csv:\d+:1: Quote Not Closed/],
  ])('refuses a file with %s', async (_, text, message) => {
    await expect(rowsOf(text)).rejects.toThrow(message);
  });
  it('V11: passes on that a file is not there', async () => {
    await expect(Array.fromAsync(paymentRows('/nowhere/p.csv'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
