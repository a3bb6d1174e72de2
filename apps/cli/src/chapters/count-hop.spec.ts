import { describe, expect, it } from '@jest/globals';
import { countHop } from './count-hop.js';

const entries = (...pairs: [key: string, minor: bigint][]) => pairs.map(([key, minor]) => ({ key, minor }));

describe('what became of a hop', () => {
  const rows = entries(['run/1', 100n], ['run/2', 250n], ['run/3', 5n], ['run/4', 1_000_000_000_000_001n]);

  it('is nothing lost and nothing twice, when each is there once, in whatever order', () => {
    expect(countHop(rows, rows.toReversed())).toEqual({
      intended: 4,
      recorded: 4,
      lost: { count: 0, euros: '0.00' },
      twice: { count: 0, euros: '0.00' },
    });
  });

  it('is counted one by one: what is lost and what is there twice never make up for each other', () => {
    const recorded = entries(['run/3', 5n], ['run/1', 100n], ['run/3', 5n], ['run/3', 5n]);
    expect(countHop(rows, recorded)).toEqual({
      intended: 4,
      recorded: 4,
      lost: { count: 2, euros: '10000000000002.51' },
      twice: { count: 2, euros: '0.10' },
    });
  });

  it('is everything lost when nothing is there', () => {
    expect(countHop(rows.slice(0, 3), [])).toMatchObject({ recorded: 0, lost: { count: 3, euros: '3.55' } });
  });

  it('adds up money exactly, also where a float could not', () => {
    const [large] = entries(['run/4', 9_007_199_254_740_993n]);
    expect(countHop([large!], [large!, large!]).twice).toEqual({ count: 1, euros: '90071992547409.93' });
  });

  it.each([
    ['that nobody intended', entries(['run/9', 100n])],
    ['with another amount', entries(['run/1', 101n])],
  ])('refuses to count something %s', (_, recorded) => {
    expect(() => countHop(rows, recorded)).toThrow('was recorded with');
  });

  it('refuses to count rows of one name', () => {
    expect(() => countHop([...rows, ...rows], [])).toThrow('Bug');
  });
});
