import { compareEvents, type ExportRow } from './export-row.js';

/** What one pass over both sides can see. Why it is so, only looking the payment up again can tell. */
export type Difference =
  | { kind: 'only-payments'; row: ExportRow }
  | { kind: 'only-ledger'; row: ExportRow }
  /** One row for each posting beyond the first. */
  | { kind: 'posted-again'; row: ExportRow }
  | { kind: 'amount-differs'; row: ExportRow; ledgerRow: ExportRow }
  /** The reversal is posted, its payment is not. */
  | { kind: 'reversed-first'; row: ExportRow };

/**
 * Merge-joins two exports, in constant memory: each side is read once, a row at a time.
 * @param payments each event once, in the order of `compareEvents`
 * @param ledger   in the same order; an event that was posted twice stands there twice
 * @throws Error a side is not in order: then nothing it says about differences could be believed
 */
export async function* differences(
  payments: AsyncIterable<ExportRow>,
  ledger: AsyncIterable<ExportRow>,
): AsyncGenerator<Difference, void> {
  const left = inOrder(payments, 'payments');
  const right = inOrder(ledger, 'the ledger');
  try {
    let expected = await next(left);
    let posted = await next(right);
    let lastPosted: ExportRow | undefined;
    while (expected !== undefined || posted !== undefined) {
      const order = expected === undefined ? 1 : posted === undefined ? -1 : compareEvents(expected, posted);
      if (order < 0 && expected !== undefined) {
        yield { kind: 'only-payments', row: expected };
        expected = await next(left);
        continue;
      }
      if (posted === undefined) throw new Error('Bug: a merge join went past its end');
      if (lastPosted !== undefined && compareEvents(lastPosted, posted) === 0)
        yield { kind: 'posted-again', row: posted };
      else if (order > 0 || expected === undefined) yield { kind: 'only-ledger', row: posted };
      else {
        if (!sameMoney(expected, posted)) yield { kind: 'amount-differs', row: expected, ledgerRow: posted };
        // A payment's posting sorts right before its reversal's.
        if (isReversal(posted) && lastPosted?.paymentId !== posted.paymentId)
          yield { kind: 'reversed-first', row: posted };
        expected = await next(left);
      }
      lastPosted = posted;
      posted = await next(right);
    }
  } finally {
    await Promise.all([left.return(), right.return()]);
  }
}

async function next(rows: AsyncGenerator<ExportRow, void>): Promise<ExportRow | undefined> {
  const { value, done } = await rows.next();
  return done ? undefined : value;
}

async function* inOrder(rows: AsyncIterable<ExportRow>, side: string): AsyncGenerator<ExportRow, void> {
  let last: ExportRow | undefined;
  for await (const row of rows) {
    if (last !== undefined && compareEvents(last, row) > 0)
      throw new Error(
        `Bug: ${side} exported ${row.paymentId} ${row.type} after ${last.paymentId} ${last.type}`,
      );
    last = row;
    yield row;
  }
}

function isReversal(row: ExportRow): boolean {
  return row.type === 'payment.reversed';
}

/** Same accounts too: the right amount on the wrong account is no agreement. */
function sameMoney(a: ExportRow, b: ExportRow): boolean {
  return a.amountMinor === b.amountMinor && a.currency === b.currency && a.src === b.src && a.dest === b.dest;
}
