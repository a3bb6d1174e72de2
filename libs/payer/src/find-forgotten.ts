import { paymentRows, type PaymentRow } from './csv-rows.js';
import type { DoneRows } from './done-rows.js';
import type { RowOutcome } from './pay-row.js';

/**
 * Asks whether payments still knows what it accepted of a run, by repeating one paid row under its key: 208 is a yes; 201
 * is a no (it was reset, or is another one). No answer passes for a yes: leaving rows out pays nobody twice.
 * @returns on a no, the number of the row that has been paid there just now
 */
export async function findForgotten(
  file: string,
  done: DoneRows,
  pay: (row: PaymentRow) => Promise<RowOutcome>,
): Promise<number | undefined> {
  for await (const row of paymentRows(file)) {
    if (row.kind === 'bad' || !done.isPaid(row.row)) continue;
    return (await pay(row)).outcome === 'accepted' ? row.row : undefined;
  }
  return undefined;
}
