import { describe, expect, it } from '@jest/globals';
import { PageSize } from './page-size.js';

describe('the size of a page', () => {
  it('shrinks while statements take long and grows while they take little, within its bounds', () => {
    const size = new PageSize(10_000, 1_000, 40_000);
    const after = (ms: number) => size.tookMs(ms);
    expect([1_500, 3_000, 4_000, 4_900, 4_900].map(after)).toEqual([5_000, 2_500, 1_250, 1_000, 1_000]);
    expect([500, 100, 10].map(after)).toEqual([1_000, 2_000, 4_000]);
    expect(Array.from({ length: 5 }, () => after(10)).at(-1)).toBe(40_000);
  });

  it('is an eighth for a statement that was ended for taking too long, and no error until it is the least', async () => {
    const asked: number[] = [];
    const cancelled = Object.assign(new Error('canceling statement'), { code: '57014' });
    const size = new PageSize(8_000, 100, 8_000);
    const answer = await size.timed((now) => {
      asked.push(now);
      return now > 200 ? Promise.reject(cancelled) : Promise.resolve('read');
    });
    expect([answer, asked]).toEqual(['read', [8_000, 1_000, 125]]);
    await expect(size.timed(() => Promise.reject(cancelled))).rejects.toThrow('canceling');
    const other = new Error('away');
    await expect(new PageSize(8, 1, 8).timed(() => Promise.reject(other))).rejects.toBe(other);
  });
});
