import { describe, expect, it } from '@jest/globals';
import { ReconnectDelays } from './reconnect-delays.js';

const firstOf = (delays: ReconnectDelays) => Array.from({ length: 12 }, () => delays.next());

describe('pauses between attempts to reach the broker', () => {
  it('D5: double from a tenth of a second to two, each in the upper half of its range', () => {
    const pauses = firstOf(new ReconnectDelays());
    const ceilings = pauses.map((_, index) => Math.min(100 * 2 ** index, 2_000));
    for (const [index, ceiling] of ceilings.entries()) {
      expect(pauses[index]).toBeGreaterThanOrEqual(ceiling / 2);
      expect(pauses[index]).toBeLessThanOrEqual(ceiling);
    }
  });

  it('D5: are not those of another process that lost the broker at the same time', () => {
    expect(firstOf(new ReconnectDelays())).not.toEqual(firstOf(new ReconnectDelays()));
  });

  it('D12: are seconds when the broker has refused us, which only a person can change', () => {
    const delays = new ReconnectDelays();
    delays.lost({ refused: true });
    expect(delays.next()).toBeGreaterThanOrEqual(2_500);
  });
});
