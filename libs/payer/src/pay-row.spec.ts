import { describe, expect, it } from '@jest/globals';
import { pauseMs } from './pay-row.js';

describe('the pause before the next attempt', () => {
  const policy = { limitMs: 120_000, firstDelayMs: 100, maxDelayMs: 5_000 };
  const ranges = [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000];

  it.each([0, 0.25, 0.999_999])('is %d of a range that doubles up to the widest', (dice) => {
    const pauses = ranges.map((_, index) => pauseMs({ ...policy, random: () => dice }, index + 1));
    expect(pauses).toEqual(ranges.map((range) => range * dice));
  });
  it('stays within the widest range however many attempts there were', () => {
    expect(pauseMs({ ...policy, random: () => 0.5 }, 1_000_000)).toBe(2_500);
  });
});
