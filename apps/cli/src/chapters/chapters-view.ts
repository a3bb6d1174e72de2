import Table from 'cli-table3';
import { count, grouped } from '../output/words.js';
import { chapters } from './chapter.js';
import type { Amount, ChapterResult, Hop } from './chapter-result.js';

/** The measured table, one for each hop and one for what it cost, as lines for people. */
export function measuredTables(results: readonly ChapterResult[]): string[] {
  return [
    'From the client to payments: what the API made of the rows of the file',
    ...table(
      ['attempts', 'rows', 'payments', ...moneyHeads, 'p50 ms', 'p95 ms', 'paid/s'],
      results.map((result) => [
        ...named(result, [count(result.attempts), ...hopCells(result.clientHop)]),
        ...[result.p50Ms, result.p95Ms, result.perSecond].map((each) => count(Math.round(each))),
      ]),
    ),
    '',
    'From payments to the ledger: what came of the payments that were accepted',
    ...table(
      ['payments', 'transfers', ...moneyHeads],
      results.map((result) => named(result, hopCells(result.ledgerHop))),
    ),
    '',
    'What a row of the file cost, with all that runs in the background',
    ...table(
      ['SQL statements', 'messages', 'attempts'],
      results.map((result) => {
        const { statements, messages, attempts } = result.cost;
        return named(
          result,
          [statements, messages, attempts].map((each) => each.toFixed(1)),
        );
      }),
    ),
  ];
}

/** When one wants which model, a line each. */
export function whenRight(): string[] {
  return chapters.map(({ chapter, rightWhen }) => `${chapter}  ${rightWhen}`);
}

export const moneyHeads = ['lost', 'EUR', 'twice', 'EUR'];

function named({ chapter }: ChapterResult, cells: string[]): string[] {
  const known = chapters.find((each) => each.chapter === chapter);
  return [`${chapter} ${known?.name ?? ''}`, ...cells];
}

function hopCells({ intended, recorded, lost, twice }: Hop): string[] {
  return [count(intended), count(recorded), ...amountCells(lost), ...amountCells(twice)];
}

export const amountCells = ({ count: found, euros }: Amount): string[] => [count(found), grouped(euros)];

export function table(heads: string[], rows: string[][]): string[] {
  const drawn = new Table({
    head: ['', ...heads],
    colAligns: ['left', ...heads.map(() => 'right' as const)],
    style: { head: [], border: [], compact: true },
  });
  drawn.push(...rows);
  return drawn.toString().split('\n');
}
