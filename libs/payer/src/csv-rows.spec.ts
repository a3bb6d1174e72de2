import { afterEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { paymentRows } from './csv-rows.js';

const directories: string[] = [];
afterEach(async () => {
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true });
});

async function csv(text: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'payer-'));
  directories.push(directory);
  const file = join(directory, 'p.csv');
  await writeFile(file, text);
  return file;
}

async function rowsOf(text: string) {
  const file = await csv(text);
  const rows = await Array.fromAsync(paymentRows(file));
  return rows.map((row) =>
    row.kind === 'bad' ? { ...row, message: row.message.replace(file, 'p.csv') } : row,
  );
}

const bianca = { kind: 'payment', src: 'bianca', dest: 'marc', amount: '1' };

describe('paymentRows', () => {
  it.each([
    ['as it should be', 'src,dest,amount\nbianca,marc,1\nbianca,marc,1\n', [2, 3]],
    ['without a last end of line', 'src,dest,amount\nbianca,marc,1', [2]],
    [
      'with a byte order mark and CRLF',
      '\uFEFFsrc,dest,amount\r\nbianca,marc,1\r\nbianca,marc,1\r\n',
      [2, 3],
    ],
    [
      'with blank lines, before and after',
      '\nsrc,dest,amount\n\n\nbianca,marc,1\n \nbianca,marc,1\n\n\n',
      [5, 7],
    ],
    ['with other orders and spaces', ' amount, dest ,src\n1 , marc, bianca\n', [2]],
    ['quoted, after a byte order mark', '\uFEFF"src","dest","amount"\n"bianca","marc","1"\n', [2]],
    ['quoted', '"src","dest","amount"\n"bianca","marc","1"\n', [2]],
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
    ['', /p\.csv:1:1: is empty/],
    ['\n\n', /p\.csv:1:1: is empty/],
    ['src,dest\nbianca,marc\n', /p\.csv:1:1: the header lacks amount/],
    ['src,dest,amount,what\n', /p\.csv:1:17: the header has a column "what"/],
    ['src,dest,amount,src\n', /p\.csv:1:17: the header has a column "src"/],
    ['bianca,marc,1\n', /p\.csv:1:1: the header lacks src, dest, amount/],
    ['src,dest,amount\nbianca,"marc,1\n', /p\.csv:\d+:1: Quote Not Closed/],
  ])('refuses the file %j', async (text, message) => {
    await expect(rowsOf(text)).rejects.toThrow(message);
  });
  it('passes on that a file is not there', async () => {
    await expect(Array.fromAsync(paymentRows('/nowhere/p.csv'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
