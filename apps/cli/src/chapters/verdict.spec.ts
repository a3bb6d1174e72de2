import { describe, expect, it } from '@jest/globals';
import type { ChapterResult } from './chapter-result.js';
import { asExpected, hop } from './test/results.js';
import { unmetExpectations } from './verdict.js';

type Change = [chapter: number, change: Partial<ChapterResult>, sentence: string];

const client = (lost: number, twice: number) => ({ clientHop: hop(lost, twice) });
const ledger = (lost: number, twice: number) => ({ ledgerHop: hop(lost, twice) });

const failings: Change[] = [
  [1, client(0, 0), 'Chapter 1 was to have something lost between client and payments: none of 200 was.'],
  [1, ledger(0, 0), 'Chapter 1 was to have something lost between payments and ledger: none of 200 was.'],
  [
    2,
    client(1, 9),
    'Chapter 2 was to have nothing lost between client and payments: 1 of 200 was, EUR 1.00.',
  ],
  [
    2,
    client(0, 0),
    'Chapter 2 was to have something paid twice between client and payments: none of 200 was.',
  ],
  [
    2,
    ledger(3, 9),
    'Chapter 2 was to have nothing lost between payments and ledger: 3 of 200 were, EUR 3.00.',
  ],
  [
    2,
    ledger(0, 0),
    'Chapter 2 was to have something paid twice between payments and ledger: none of 200 was.',
  ],
  [
    3,
    client(1, 9),
    'Chapter 3 was to have nothing lost between client and payments: 1 of 200 was, EUR 1.00.',
  ],
  [
    3,
    client(0, 0),
    'Chapter 3 was to have something paid twice between client and payments: none of 200 was.',
  ],
  [
    3,
    ledger(1, 9),
    'Chapter 3 was to have nothing lost between payments and ledger: 1 of 200 was, EUR 1.00.',
  ],
  [
    3,
    ledger(0, 0),
    'Chapter 3 was to have something paid twice between payments and ledger: none of 200 was.',
  ],
  [
    4,
    client(1, 0),
    'Chapter 4 was to have nothing lost between client and payments: 1 of 200 was, EUR 1.00.',
  ],
  [
    4,
    client(0, 1),
    'Chapter 4 was to have nothing paid twice between client and payments: 1 of 200 was, EUR 1.00.',
  ],
  [
    4,
    ledger(1, 0),
    'Chapter 4 was to have nothing lost between payments and ledger: 1 of 200 was, EUR 1.00.',
  ],
  [
    4,
    ledger(0, 1),
    'Chapter 4 was to have nothing paid twice between payments and ledger: 1 of 200 was, EUR 1.00.',
  ],
];

describe('the verdict on the chapters', () => {
  it('is that all came as expected', () => expect(unmetExpectations(asExpected)).toEqual([]));

  it.each(failings)('is no for chapter %i with %j', (chapter, change, sentence) => {
    const results = asExpected.map((each) => (each.chapter === chapter ? { ...each, ...change } : each));
    expect(unmetExpectations(results)).toEqual([sentence]);
  });

  it('is no when a chapter was not measured', () =>
    expect(unmetExpectations(asExpected.slice(0, 3))).toEqual(['Chapter 4 was not measured.']));

  it('lets chapter 1 pay something twice as well', () => {
    const [first, ...others] = asExpected;
    expect(unmetExpectations([{ ...first!, ...ledger(4, 2) }, ...others])).toEqual([]);
  });

  it('names everything that is wrong', () => {
    const results = asExpected.map((each) => ({ ...each, ...client(2, 2), ...ledger(2, 2) }));
    expect(unmetExpectations(results)).toHaveLength(2 + 2 + 4);
  });
});
