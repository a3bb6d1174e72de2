/** What to pay, where, and how stubbornly. */
export interface PayOptions {
  /** A CSV with the header src,dest,amount and optionally currency and reference. It is read twice: checked, then paid. */
  file: string;
  /** Where payments are accepted, without /payments: http://127.0.0.1:8888. */
  url: string;
  /**
   * Names this run. Keys and references are `run/row`, so that the same file under the same run pays nobody twice.
   * Default: a new random id, which pays everybody again.
   */
  run?: string;
  /** One key per row, fixed before its first attempt and sent with each, or none. Default `one-per-row`. */
  keys?: 'one-per-row' | 'none';
  /** The header that carries the key. Default `Idempotency-Key`. */
  header?: string;
  /** Payments on the way at the same time. Default 8. */
  concurrency?: number;
  /** How long one attempt may take before its outcome counts as unknown. Default 5,000 ms. */
  attemptTimeoutMs?: number;
  /** `false`: each row is sent once, whatever comes of it. */
  retry?: RetryOptions | false;
  /** `stop` (default): a bad row means that nothing is paid. `skip`: bad rows count as refused, the others are paid. */
  badRows?: 'stop' | 'skip';
  onProgress?: (progress: PayProgress) => void;
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

export interface PayProgress {
  done: number;
  total: number;
  accepted: number;
  replayed: number;
  refused: number;
  failed: number;
  attempts: number;
}

/** Exactly what `pay --json` prints. Times are of whole rows, from the first attempt to the last answer. */
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
}

export interface PayResult {
  summary: PaySummary;
  /** The run's name: give it again to repeat this run. */
  run: string;
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
