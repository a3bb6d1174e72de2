import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { checkFile } from './checked-file.js';
import { paymentRows, type BadRow, type PaymentRow } from './csv-rows.js';
import { DoneRows } from './done-rows.js';
import { findForgotten } from './find-forgotten.js';
import { Journal } from './journal.js';
import { openJournal } from './open-journal.js';
import { payRow, type RetryPolicy, type RowOutcome } from './pay-row.js';
import type { PayOptions, PayResult, RetryOptions } from './pay-types.js';
import { createSender, type PaymentRequest } from './send-payment.js';
import { Tally } from './tally.js';

/**
 * Pays every row of a CSV, in its order, some at a time. The file is read twice in constant memory: first it is checked
 * whole, so that a bad row is known before anybody is paid. With a journal, rows that are done already are left out.
 * @throws BadPaymentsFile nothing was paid: a row or the header is bad (with `badRows: 'skip'` only the header can be)
 * @throws InvalidRunName
 * @throws JournalRefused nothing was paid: what is in the journal does not fit what is asked
 * @throws the file system's errors, nothing was paid
 */
export async function payFile(options: PayOptions): Promise<PayResult> {
  const { file, url, concurrency = 8, attemptTimeoutMs = 5_000, badRows = 'stop', onProgress } = options;
  const { keepAlive = true, random = Math.random } = options;
  const newRun = checkedRun(options.run ?? randomBytes(8).toString('hex'));
  const retry: RetryPolicy | false = options.retry !== false && { ...defaultRetry, random, ...options.retry };
  const { rows: total, bytes, wasChanged } = await checkFile(file, badRows);
  const journal = await journalOf(options, total, newRun);
  const { run } = journal;
  let { done } = journal;
  const tally = new Tally(total);
  const sender = createSender(url, { connections: concurrency, timeoutMs: attemptTimeoutMs, keepAlive });
  const rows = paymentRows(file, bytes);
  const failed = new AbortController();
  const signal = AbortSignal.any([failed.signal, ...(options.signal ? [options.signal] : [])]);
  setMaxListeners(0, signal); // one for each payment on the way
  const payPayment = (row: PaymentRow): Promise<RowOutcome> =>
    payRow(sender, requestFor(row, run, options), retry, signal, (attempt) => tally.attempt(attempt));

  // One iterator for all: whoever is free takes the next row, so that rows start in the file's order.
  const payNextRows = async (): Promise<void> => {
    for (;;) {
      if (signal.aborted) return;
      const next = await rows.next();
      if (next.done) return;
      if (done?.has(next.value.row)) continue;
      await payOne(next.value);
      onProgress?.(tally.progress());
    }
  };
  const payOne = async (row: PaymentRow | BadRow): Promise<void> => {
    if (row.kind === 'bad') {
      if (badRows === 'stop') throw new Error(`${row.message} (the file was changed while it was paid)`);
      return settle(row, { outcome: 'refused', status: undefined, detail: row.message }, undefined);
    }
    await options.beforeRow?.(row.row);
    const startMs = performance.now();
    const outcome = await payPayment(row);
    settle(row, outcome, performance.now() - startMs);
  };
  const settle = (row: PaymentRow | BadRow, outcome: RowOutcome, tookMs: number | undefined): void => {
    tally.row(row, outcome, tookMs);
    record(journal, row, outcome);
  };

  try {
    const forgotten = done && (await findForgotten(file, done, payPayment));
    if (forgotten !== undefined) {
      options.onNotice?.({ kind: 'forgotten', run });
      journal.forget();
      journal.record(forgotten, 'accepted');
      done = new DoneRows(total);
      done.add(forgotten, 'accepted');
    }
    if (done) tally.takeOver(done);
    const payers = Array.from({ length: concurrency }, payNextRows);
    try {
      await Promise.all(payers);
    } catch (error) {
      failed.abort();
      await Promise.allSettled(payers);
      throw error;
    }
  } finally {
    await rows.return(undefined);
    sender.close();
    journal.close(tally.isComplete);
  }
  if (await wasChanged()) options.onNotice?.({ kind: 'changed' });
  return {
    summary: tally.summary(),
    run,
    continued: done && { run, done: done.size },
    problems: tally.problems,
    interrupted: options.signal?.aborted ?? false,
  };
}

/** Without keys nothing may be gone on with: what has no answer could be paid again. */
async function journalOf(options: PayOptions, rows: number, newRun: string): Promise<Journal> {
  const { file, url, run, journal = false, keys = 'one-per-row', fresh = false } = options;
  if (journal === false || keys === 'none') return new Journal(newRun);
  const { origin, pathname } = new URL(url); // without a password
  const onNotice = options.onNotice ?? (() => {});
  return openJournal({ file, rows, url: origin + pathname, run, newRun, fresh, onNotice });
}

function record(journal: Journal, row: PaymentRow | BadRow, { outcome, status, detail }: RowOutcome): void {
  if (outcome === 'failed') return;
  if (outcome !== 'refused') return journal.record(row.row, outcome);
  journal.record(row.row, outcome, { line: row.line, ...(status !== undefined && { status }), detail });
}

const defaultRetry: Required<RetryOptions> = { limitMs: 120_000, firstDelayMs: 100, maxDelayMs: 5_000 };

/** A run's name ends up in keys and references: visible, unquoted, and short enough for both. */
export class InvalidRunName extends Error {
  override readonly name = 'InvalidRunName';

  constructor(run: string) {
    super(`"${run}" cannot name a run: 1 to 100 letters, digits, points, _ or -`);
  }
}

function checkedRun(run: string): string {
  if (!/^[A-Za-z0-9._-]{1,100}$/.test(run)) throw new InvalidRunName(run);
  return run;
}

/** Everything an attempt sends is fixed here, before the first one: a retry is the same request. */
function requestFor(
  row: PaymentRow,
  run: string,
  { keys = 'one-per-row', header = 'Idempotency-Key', apiKey }: PayOptions,
): PaymentRequest {
  const id = `${run}/${row.row}`;
  const { src, dest, amount, currency, reference = id } = row;
  return {
    body: JSON.stringify({ src, dest, amount, ...(currency === undefined ? {} : { currency }), reference }),
    headers: {
      ...(keys === 'one-per-row' && { [header]: id }),
      ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
    },
  };
}
