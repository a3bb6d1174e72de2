/** What to pay, where, and how stubbornly. */
export interface PayOptions {
  /** A CSV with the header src,dest,amount and optionally currency and reference. It is read twice: checked, then paid. */
  file: string;
  /** Where payments are accepted, without /payments: http://127.0.0.1:8888. */
  url: string;
  /**
   * Names this run. Keys and references are `run/row`, so that the same file under the same run pays nobody twice.
   * Default: the run of this file that was left unfinished (see `journal`), else a new random id, which pays everybody
   * again.
   */
  run?: string;
  /**
   * `beside-file`: while a run with keys is paid, `<file>.<run>.journal` tells which rows are done, so that a payer that
   * was killed is gone on with, under the same keys. It is removed when every row has its outcome. Default false: whoever
   * calls the library repeats a run by its name, and finds no files he did not ask for. Without keys there is none:
   * going on could pay again.
   */
  journal?: 'beside-file' | false;
  /** Sets aside what was left unfinished: a new run, which pays everybody again. Needs no `run`. */
  fresh?: boolean;
  /** One key per row, fixed before its first attempt and sent with each, or none. Default `one-per-row`. */
  keys?: 'one-per-row' | 'none';
  /** The header that carries the key. Default `Idempotency-Key`. */
  header?: string;
  /** The API key to pay with; lab mode needs none. */
  apiKey?: string | undefined;
  /** Payments on the way at the same time. Default 8. */
  concurrency?: number;
  /** How long one attempt may take before its outcome counts as unknown. Default 5,000 ms. */
  attemptTimeoutMs?: number;
  /** `false`: each row is sent once, whatever comes of it. */
  retry?: RetryOptions | false;
  /** `stop` (default): a bad row means that nothing is paid. `skip`: bad rows count as refused, the others are paid. */
  badRows?: 'stop' | 'skip';
  /** Each row starts when this has resolved; rows are asked for in their order. What it rejects with ends the run. */
  beforeRow?: (row: number) => Promise<void>;
  /** False: each attempt is made on a connection of its own. Default true. */
  keepAlive?: boolean;
  /** From 0 up to 1, for the pauses between attempts. Default `Math.random`. */
  random?: () => number;
  onProgress?: (progress: PayProgress) => void;
  /** What is to be known beside the outcomes; `changed` comes last, the others before the first row is paid. */
  onNotice?: (notice: PayNotice) => void;
  /** Starts no more rows and abandons the attempts under way: those rows count as failed. */
  signal?: AbortSignal;
}

export interface RetryOptions {
  /** From a row's first attempt: no attempt starts later than this. Default 120,000 ms. */
  limitMs?: number;
  /** The first pause is drawn from 0 to this; the range doubles with each attempt. Default 100 ms. */
  firstDelayMs?: number;
  /** The widest range a pause is drawn from. Default 5,000 ms. A longer `Retry-After` is obeyed all the same. */
  maxDelayMs?: number;
}

/** What a run begins with. Without any of them it is a new one, and a journal is kept if one was asked for. */
export type PayNotice =
  /** Somebody wrote to the file while it was paid: what was added is not paid, what was changed as it was or as it is now. */
  | { kind: 'changed' }
  /** @property asked by its name; else it was found unfinished */
  | { kind: 'continued'; run: string; done: number; total: number; asked: boolean }
  /** Payments accepts as new what it had accepted before: it was reset, or is another one. Every row is paid there. */
  | { kind: 'forgotten'; run: string }
  /** No journal can be written, for this reason (`EROFS`): if killed, only the run's name goes on. */
  | { kind: 'no-journal'; run: string; reason: string }
  /** Another payer is at work on the same file: this is a run of its own, and pays everybody too. */
  | { kind: 'still-paid'; run: string; pid: number }
  /** Unfinished, and left so: only its name goes on with it. */
  | { kind: 'set-aside'; run: string };

export interface PayProgress {
  done: number;
  total: number;
  accepted: number;
  replayed: number;
  refused: number;
  failed: number;
  attempts: number;
}

/**
 * Exactly what `pay --json` prints. Rows that an earlier payer of the run has done are counted by their outcome; attempts
 * and times are this payer's. Times are of whole rows, from the first attempt to the last answer.
 */
export interface PaySummary {
  rows: number;
  attempts: number;
  /** 201: paid now. */
  accepted: number;
  /** 208: was paid before. */
  replayed: number;
  /** A final no: nothing was paid. */
  refused: number;
  /** Given up: paid or not, nobody knows; the same run repeats them safely. */
  failed: number;
  seconds: number;
  p50Ms: number;
  p95Ms: number;
  p99Ms: number;
  /** Attempts whose connection the other side ended before a whole answer, or refused: paid or not, they do not tell. */
  resets: number;
  /** Attempts without an answer in time. */
  timeouts: number;
}

export interface PayResult {
  summary: PaySummary;
  /** The run's name: give it again to repeat this run. */
  run: string;
  /** The run was begun by an earlier payer, who had done so many rows; undefined for a run that began here. */
  continued: { run: string; done: number } | undefined;
  /** The first 20 rows that were refused or failed, for people. */
  problems: RowProblem[];
  /** Stopped by the signal: rows are left that were never sent. */
  interrupted: boolean;
}

export interface RowProblem {
  outcome: 'refused' | 'failed';
  /** 1-based, in the file. */
  line: number;
  /** 1-based, without header and blank lines: as in the key. */
  row: number;
  /** The last answer's, if there was one. */
  status: number | undefined;
  detail: string;
}
