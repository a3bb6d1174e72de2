import { describe, expect, it } from '@jest/globals';
import { EndToEndTimes } from './end-to-end.js';

describe('how long payments take to be posted', () => {
  it('is told by percentiles of the last five seconds, and then forgotten', () => {
    const times = new EndToEndTimes();
    const now = 1_790_000_000_000;
    expect(times.last(now)).toBeNull();
    times.posted(
      Array.from({ length: 98 }, () => now - 20),
      now,
    );
    times.posted([now + 2_000 - 500, now + 2_000 - 90_000], now + 2_000);
    const last = times.last(now + 2_000);
    expect(last).toMatchObject({ count: 100, p50Ms: 20, p95Ms: 20 });
    expect(last?.p99Ms).toBeGreaterThanOrEqual(500);
    expect(last?.p99Ms).toBeLessThan(505);
    expect(times.last(now + 5_500)).toMatchObject({ count: 2 });
    expect(times.last(now + 7_500)).toBeNull();
  });

  it('takes a clock that is behind for no time at all', () => {
    const times = new EndToEndTimes();
    times.posted([2_000], 1_000);
    expect(times.last(1_000)).toMatchObject({ count: 1, p50Ms: 1 });
  });
});
