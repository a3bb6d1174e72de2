import { describe, expect, it } from '@jest/globals';
import { exitCodeOf, sumOf, type Result } from './report.js';

const numbers = { attempted: 10, acknowledged: 8, lost: 0, unexpected: 0, duplicated: 0, recovered: 2 };
const ended = (verdict: Result['verdict'], changes: Partial<Result> = {}) =>
  ({ verdict, ...numbers, ...changes }) as Result;

describe('several runs', () => {
  it.each([
    ['pass', [ended('pass'), ended('pass')]],
    ['inconclusive', [ended('pass'), ended('inconclusive')]],
    ['broke', [ended('inconclusive'), undefined]],
    ['fail', [undefined, ended('fail'), ended('pass')]],
  ] as const)('are as good as the worst of them: %s', (verdict, results) => {
    expect(sumOf(results).verdict).toBe(verdict);
  });

  it('are counted by their ends, and their payments added', () => {
    const results = [ended('pass'), ended('fail', { lost: 3 }), undefined, ended('inconclusive')];
    expect(sumOf(results)).toEqual({
      verdict: 'fail',
      runs: 4,
      passed: 1,
      failed: 1,
      inconclusive: 1,
      broke: 1,
      attempted: 30,
      acknowledged: 24,
      lost: 3,
      unexpected: 0,
      duplicated: 0,
      recovered: 6,
    });
  });

  it('end with the exit code that a single run ends with', () => {
    expect(exitCodeOf).toEqual({ pass: 0, fail: 1, inconclusive: 3, broke: 4 });
  });
});
