import { closeSync, constants, fstatSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DoneRows, type FinalOutcome } from './done-rows.js';
import type { JournalLine } from './journal-lines.js';

/** The file beside the payments; the name tells both them and the run. */
export function journalPath(file: string, run: string): string {
  return join(dirname(file), `${basename(file)}.${run}.journal`);
}

/** What is kept of one run while it is paid. Where nothing can be kept, it does nothing. */
export class Journal {
  /**
   * @param done what earlier payers of this run have done; undefined: there were none
   * @param appender undefined: nothing is kept
   */
  constructor(
    readonly run: string,
    readonly done?: DoneRows,
    private appender?: Appender,
  ) {}

  /** A row's outcome. Written at once, so that kill -9 loses none, and not flushed: one that is lost costs a 208. */
  record(
    row: number,
    outcome: FinalOutcome,
    refusal?: { line: number; status?: number; detail: string },
  ): void {
    this.#append({ row, outcome, ...refusal });
  }

  /** Payments does not know what it accepted of this run: nobody may skip those rows any more. */
  forget(): void {
    this.#append({ forgotten: now() });
  }

  /** @param complete every row has its outcome: the journal is removed. Otherwise the next payer may go on at once. */
  close(complete: boolean): void {
    if (!this.appender) return;
    const { path, writerId } = this.appender;
    if (!complete) this.#append({ ended: now(), id: writerId });
    this.appender.close();
    this.appender = undefined;
    if (complete) rmSync(path, { force: true });
  }

  #append(line: JournalLine): void {
    try {
      this.appender?.append(line);
    } catch {
      // The disk is full, say. Paying goes on: what is not written down is repeated under its own key, no more.
    }
  }
}

/** Appends lines to a journal, each in one write, so that the lines of two payers do not mix. */
export class Appender {
  private constructor(
    readonly path: string,
    readonly writerId: string,
    private readonly descriptor: number,
  ) {}

  /**
   * Appends the line that says who writes from now on, and returns when it is on the disk.
   * @param first creates the file if there is none
   * @throws the file system's errors
   */
  static open(path: string, line: JournalLine & { id: string }, { first }: { first: boolean }): Appender {
    const descriptor = openSync(path, first ? 'a' : constants.O_WRONLY | constants.O_APPEND);
    const appender = new Appender(path, line.id, descriptor);
    try {
      // Whoever was killed here may have left half a line.
      if (fstatSync(descriptor).size > 0) writeSync(descriptor, '\n');
      appender.append(line);
      fsyncSync(descriptor);
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
    if (first) flushDirectory(dirname(path));
    return appender;
  }

  append(line: JournalLine): void {
    writeSync(this.descriptor, `${JSON.stringify(line)}\n`);
  }

  close(): void {
    closeSync(this.descriptor);
  }
}

/** So that after a power cut the journal is not only written but also found. */
function flushDirectory(directory: string): void {
  try {
    const descriptor = openSync(directory, 'r');
    fsyncSync(descriptor);
    closeSync(descriptor);
  } catch {
    // Not every system lets a directory be opened and flushed; those keep its entries safe by themselves, or nobody can.
  }
}

export const now = (): string => new Date().toISOString();
