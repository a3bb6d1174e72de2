import { stat } from 'node:fs/promises';
import { BadPaymentsFile, paymentRows } from './csv-rows.js';

/** A file as it was when all of it was found good. */
export interface CheckedFile {
  rows: number;
  bytes: number;
  /** Whether somebody has written to it since. */
  wasChanged: () => Promise<boolean>;
}

/**
 * Reads a file to its end before anybody is paid.
 * @throws BadPaymentsFile with the first 20 bad rows; or it is still being written: of a row that is half there, a part of
 *   the amount would be paid
 */
export async function checkFile(file: string, badRows: 'stop' | 'skip'): Promise<CheckedFile> {
  const before = await stat(file);
  const wasChanged = async () => {
    const { size, mtimeMs } = await stat(file);
    return size !== before.size || mtimeMs !== before.mtimeMs;
  };
  let rows = 0;
  let bad = 0;
  const messages: string[] = [];
  for await (const row of paymentRows(file)) {
    rows++;
    if (row.kind === 'bad' && ++bad <= 20) messages.push(row.message);
  }
  if (await wasChanged())
    throw new BadPaymentsFile([
      `${file}: somebody writes to this file. Wait until it is whole, then pay it.`,
    ]);
  if (bad > 0 && badRows === 'stop') throw new BadPaymentsFile(messages, bad);
  return { rows, bytes: before.size, wasChanged };
}
