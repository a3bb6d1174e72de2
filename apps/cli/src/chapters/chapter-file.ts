import { BadPaymentsFile, paymentRows, type PaymentRow } from '@paid-once/payer';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exitCodes } from '../exit-codes.js';
import { CliFailure } from '../failure.js';
import { cents } from './read-ledgers.js';

/** With fewer, what a model comes to would be luck; see `faultSteps`. */
export const fewestRows = 100;

/** The rows that every chapter pays, in a file of their own. */
export interface ChapterFile {
  path: string;
  /** What each row is to pay, in cents, in the file's order. */
  amounts: readonly bigint[];
  remove: () => Promise<void>;
}

/**
 * Copies the first rows of a payments file. References are left out: the payer writes `run/row` there, by which payments
 * are found again.
 * @param most how many rows at most; all when undefined
 * @throws CliFailure the file cannot be read, a row cannot be paid or is not in euros, or there are too few
 */
export async function chapterFile(file: string, most = Number.POSITIVE_INFINITY): Promise<ChapterFile> {
  const lines = ['src,dest,amount'];
  const amounts: bigint[] = [];
  for await (const row of goodRows(file)) {
    if (amounts.length >= most) break;
    lines.push(`${row.src},${row.dest},${row.amount}`);
    amounts.push(cents(row.amount));
  }
  if (amounts.length < fewestRows)
    throw unfit(`${file}: has ${amounts.length} rows; the chapters need ${fewestRows}, or luck would decide`);
  const directory = await mkdtemp(join(tmpdir(), 'paid-once-chapters-'));
  const path = join(directory, 'payments.csv');
  await writeFile(path, `${lines.join('\n')}\n`);
  return { path, amounts, remove: () => rm(directory, { recursive: true, force: true }) };
}

async function* goodRows(file: string): AsyncGenerator<PaymentRow> {
  try {
    for await (const row of paymentRows(file)) {
      if (row.kind === 'bad') throw unfit(row.message);
      if ((row.currency ?? 'EUR') !== 'EUR')
        throw unfit(`${file}:${row.line}: is in ${row.currency}; the chapters count euros`);
      yield row;
    }
  } catch (error) {
    if (error instanceof BadPaymentsFile || isFileError(error)) throw unfit(error.message);
    throw error;
  }
}

function isFileError(error: unknown): error is Error {
  return typeof error === 'object' && error !== null && 'syscall' in error;
}

function unfit(message: string): CliFailure {
  return new CliFailure(
    exitCodes.usage,
    message,
    'Nothing was started or paid.',
    'npx paid-once chapters --help',
  );
}
