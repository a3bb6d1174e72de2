import type { ExportRow } from './export-row.js';

/** Consecutive payments of one side: all of them after `after`, up to and with `to`; the last range has no end. */
export interface Range {
  rows: ExportRow[];
  after: string | undefined;
  to: string | undefined;
}

/** Cuts an ordered export into ranges of about `size` rows; a payment's events stay together. */
export async function* inRanges(rows: AsyncIterable<ExportRow>, size: number): AsyncGenerator<Range, void> {
  let range: Range = { rows: [], after: undefined, to: undefined };
  for await (const row of rows) {
    const last = range.rows.at(-1);
    if (last !== undefined && range.rows.length >= size && last.paymentId !== row.paymentId) {
      yield { ...range, to: last.paymentId };
      range = { rows: [], after: last.paymentId, to: undefined };
    }
    range.rows.push(row);
  }
  yield range;
}
