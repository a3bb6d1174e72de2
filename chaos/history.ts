import { appendFileSync, closeSync, fsyncSync, openSync, readFileSync } from 'node:fs';

/** What is sent. */
export interface Request {
  method: 'GET' | 'POST';
  path: string;
  key?: string;
  body?: string;
}

/** One attempt of an operation, written down before it is sent. */
export interface Invoked {
  type: 'invoke';
  /** Of the attempt. */
  n: number;
  /** Of the operation, as it was planned; -1: asked after the run, to learn an outcome. */
  op: number;
  kind: OperationKind;
  request: Request;
  /** Which instance is asked, and how. */
  to: string;
  /** The id of the payment that it reverses or reads. */
  paymentId?: string;
  atMs: number;
}

/**
 * What came of it. `ok`: 2xx. `fail`: an answer that promises that nothing was done, 4xx. `info`: it is not known: no answer,
 * 5xx, or another request with the same key was at work.
 */
export interface Completed {
  type: 'ok' | 'fail' | 'info';
  n: number;
  atMs: number;
  status?: number;
  /** The type of the problem, or why there is no answer. */
  why?: string;
  answer?: unknown;
}

export interface Harm {
  type: 'nemesis';
  /** In the schedule. */
  step: number;
  phase: 'start' | 'end' | 'failed';
  atMs: number;
  why?: string;
}

/** `drain`: everything is healed. `resolve`: what is not known is asked for again. `settled`: nothing moves any more. */
export interface Phase {
  type: 'phase';
  name: 'start' | 'drain' | 'resolve' | 'settled';
  atMs: number;
}

export type OperationKind = 'pay' | 'retry' | 'twice' | 'reverse' | 'other body' | 'illegal' | 'read';
export type Entry = Invoked | Completed | Harm | Phase;

/** The history of a run, on disk before what it tells of happens. Each second it is flushed: the machine may die too. */
export class History {
  readonly entries: Entry[] = [];
  private readonly startedAt = performance.now();
  private readonly file: number;
  private readonly flushing: NodeJS.Timeout;

  constructor(path: string) {
    this.file = openSync(path, 'a');
    this.flushing = setInterval(() => fsyncSync(this.file), 1_000);
  }

  /** Milliseconds since the run began. */
  get nowMs(): number {
    return Math.round(performance.now() - this.startedAt);
  }

  write(entry: Entry): void {
    this.entries.push(entry);
    appendFileSync(this.file, `${JSON.stringify(entry)}\n`);
  }

  phase(name: Phase['name']): void {
    this.write({ type: 'phase', name, atMs: this.nowMs });
  }

  close(): void {
    clearInterval(this.flushing);
    closeSync(this.file);
  }
}

export function readHistory(path: string): Entry[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Entry);
}
