import { describe, expect, it } from '@jest/globals';
import { Pace } from './pace.js';
import { sentRow, sumsOf, type SentRow } from './run-outcome.js';

const row = (reference: string, amount: string, currency = 'EUR') =>
  sentRow(reference, amount, currency) as SentRow;

describe('what became of a run', () => {
  it('is told row by row: a lost payment and one that was paid twice do not make up for each other', () => {
    const rows = [row('a', '1.00'), row('b', '2.50'), row('c', '1.00'), row('d', '500', 'JPY')];
    const transfers = new Map([
      ['a', 3],
      ['b', 1],
    ]);
    expect(sumsOf(rows, transfers)).toEqual({
      lost: { count: 2, totals: { EUR: '1.00', JPY: '500' } },
      twice: { count: 2, totals: { EUR: '2.00' } },
    });
  });

  it('has a pace of at most sixty points, whose sum is what was done', () => {
    const pace = new Pace();
    let points: number[] = [];
    for (let second = 0; second < 200; second++) points = pace.after(second * 1_000, (second + 1) * 10);
    expect(points.length).toBeLessThanOrEqual(60);
    expect(points.reduce((sum, each) => sum + each, 0)).toBe(2_000);
    expect(Math.max(...points)).toBeLessThanOrEqual(40);
  });
});
