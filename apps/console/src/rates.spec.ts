import { describe, expect, it } from '@jest/globals';
import { Rate } from './rates.js';

describe('a rate', () => {
  it('is that of the last two seconds', () => {
    const rate = new Rate();
    expect(rate.next(100, 0)).toBe(0);
    expect(rate.next(200, 1_000)).toBe(100);
    expect(rate.next(400, 2_000)).toBe(150);
    expect(rate.next(400, 4_500)).toBe(0);
  });

  it('is zero after a reset, and goes on from there', () => {
    const rate = new Rate();
    rate.next(500, 0);
    expect(rate.next(0, 1_000)).toBe(0);
    expect(rate.next(10, 2_000)).toBe(10);
  });

  it('keeps what it was while a part does not answer', () => {
    const rate = new Rate();
    rate.next(0, 0);
    rate.next(50, 500);
    expect(rate.next(undefined, 1_000)).toBe(100);
  });
});
