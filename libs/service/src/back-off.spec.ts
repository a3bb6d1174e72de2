import { describe, expect, it } from '@jest/globals';
import { backOff } from './back-off.js';

const firstOf = (delays: Generator<number, never>) => Array.from({ length: 12 }, () => delays.next().value);

describe('pauses between attempts', () => {
  it('G7: double up to their bound, each in the upper half of its range', () => {
    const pauses = firstOf(backOff({ firstMs: 100, maxMs: 2_000 }));
    const ceilings = pauses.map((_, index) => Math.min(100 * 2 ** index, 2_000));
    for (const [index, ceiling] of ceilings.entries()) {
      expect(pauses[index]).toBeGreaterThanOrEqual(ceiling / 2);
      expect(pauses[index]).toBeLessThanOrEqual(ceiling);
    }
  });

  it('B7 G7: are not those of another process that lost the same server at the same time', () => {
    const [one, other] = [0, 1].map(() => firstOf(backOff({ firstMs: 100, maxMs: 2_000 })));
    expect(one).not.toEqual(other);
  });
});
