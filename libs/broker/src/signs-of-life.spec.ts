import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { SignsOfLife } from './signs-of-life.js';

describe('how long a lane waits for a confirm', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());
  const after = (ms: number) => jest.advanceTimersByTime(ms);

  it('is the time-out, when the broker confirms nothing at all', () => {
    const signs = new SignsOfLife(1_000);
    const silentSince = performance.now();
    after(999);
    expect(signs.leftMs(silentSince)).toBe(1);
    after(1);
    expect(signs.leftMs(silentSince)).toBe(0);
  });

  it('D14: is longer while the broker confirms what other lanes have sent before, on the same slow wire', () => {
    const signs = new SignsOfLife(1_000);
    const silentSince = performance.now();
    after(900);
    signs.seen();
    after(900);
    expect(signs.leftMs(silentSince)).toBe(100);
  });

  it('is not for ever, although the others go on: the queue of this lane may have lost its leader', () => {
    const signs = new SignsOfLife(1_000);
    const silentSince = performance.now();
    for (let seconds = 0; seconds < 12; seconds++) {
      after(500);
      signs.seen();
    }
    expect(signs.leftMs(silentSince)).toBe(0);
  });
});
