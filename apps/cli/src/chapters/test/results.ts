import type { ChapterResult, Hop } from '../chapter-result.js';

/** A hop of 200 with so many lost and twice, at a euro each. */
export function hop(lost: number, twice: number): Hop {
  const amount = (count: number) => ({ count, euros: `${count}.00` });
  return { intended: 200, recorded: 200 - lost + twice, lost: amount(lost), twice: amount(twice) };
}

export function result(chapter: ChapterResult['chapter'], clientHop: Hop, ledgerHop: Hop): ChapterResult {
  return {
    chapter,
    attempts: 1_234,
    clientHop,
    ledgerHop,
    p50Ms: 12.34,
    p95Ms: 345.6,
    perSecond: 78.9,
    cost: { statements: 10.5, messages: 1, attempts: 6.2 },
  };
}

/** As it should come out. */
export const asExpected: readonly ChapterResult[] = [
  result(1, hop(60, 0), hop(28, 0)),
  result(2, hop(0, 85), hop(0, 12)),
  result(3, hop(0, 81), hop(0, 9)),
  result(4, hop(0, 0), hop(0, 0)),
];
