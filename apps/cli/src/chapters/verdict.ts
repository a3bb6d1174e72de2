import { count, grouped } from '../output/words.js';
import { chapters } from './chapter.js';
import type { Amount, ChapterResult, Hop } from './chapter-result.js';

const hops = [
  ['clientHop', 'between client and payments'],
  ['ledgerHop', 'between payments and ledger'],
] as const;
const failings = [
  ['lost', 'losesMoney', 'lost'],
  ['twice', 'paysTwice', 'paid twice'],
] as const;

/**
 * Which chapters did not come to what their model must come to, on either hop, each in a sentence. Chapter 1 loses on
 * both hops; whether it also pays something twice is left open, the others are held to both.
 */
export function unmetExpectations(results: readonly ChapterResult[]): string[] {
  return chapters.flatMap(({ chapter, expected }) => {
    const result = results.find((each) => each.chapter === chapter);
    if (result === undefined) return [`Chapter ${chapter} was not measured.`];
    return hops.flatMap(([hop, place]) =>
      failings.flatMap(([failing, expectation, done]) => {
        if (chapter === 1 && failing === 'twice') return [];
        const found = result[hop][failing];
        if (found.count > 0 === expected[expectation]) return [];
        return [
          `Chapter ${chapter} was to have ${wanted(expected[expectation])} ${done} ${place}: ${said(found, result[hop])}.`,
        ];
      }),
    );
  });
}

const wanted = (something: boolean): string => (something ? 'something' : 'nothing');

const said = ({ count: found, euros }: Amount, { intended }: Hop): string =>
  found === 0
    ? `none of ${count(intended)} was`
    : `${count(found)} of ${count(intended)} ${found === 1 ? 'was' : 'were'}, EUR ${grouped(euros)}`;
