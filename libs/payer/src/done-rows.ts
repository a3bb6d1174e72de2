import type { RowProblem } from './pay-types.js';

/** How many rows are named, of those that were refused or failed. */
export const keptProblems = 20;

/** An outcome that stays: repeating the row under its key can change nothing. */
export type FinalOutcome = 'accepted' | 'replayed' | 'refused';

/** The rows of a run whose outcome is known for good; a byte for each row of the file. */
export class DoneRows {
  readonly counts = { accepted: 0, replayed: 0, refused: 0 };
  /** The first rows that were refused. */
  readonly problems: RowProblem[] = [];
  readonly #codes: Uint8Array;

  /** @param rows how many rows the file has */
  constructor(rows: number) {
    this.#codes = new Uint8Array(rows + 1);
  }

  get size(): number {
    return this.counts.accepted + this.counts.replayed + this.counts.refused;
  }

  has(row: number): boolean {
    return (this.#codes[row] ?? 0) !== 0;
  }

  isPaid(row: number): boolean {
    return this.#codes[row] === codes.accepted || this.#codes[row] === codes.replayed;
  }

  /** A row that is told twice counts as it was first told; one the file does not have is ignored. */
  add(row: number, outcome: FinalOutcome, problem?: RowProblem): void {
    if (row < 1 || row >= this.#codes.length || this.has(row)) return;
    this.#codes[row] = codes[outcome];
    this.counts[outcome]++;
    if (problem && this.problems.length < keptProblems) this.problems.push(problem);
  }
}

const codes: Readonly<Record<FinalOutcome, number>> = { accepted: 1, replayed: 2, refused: 3 };
