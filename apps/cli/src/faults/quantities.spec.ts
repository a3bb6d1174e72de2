import { describe, expect, it } from '@jest/globals';
import { duration, durationText, percentage } from './quantities.js';

const bounds = { minMs: 1, maxMs: 3_600_000 };

describe('a duration', () => {
  it.each([
    ['800ms', 800],
    ['2s', 2_000],
    ['1.5s', 1_500],
    ['1m', 60_000],
    ['1h', 3_600_000],
    ['0.02d', 1_728_000],
  ])('%s is %d ms', (text, ms) => expect(duration(text, bounds)).toBe(ms));
  it.each(['', '800', 's', '2 s', '-1s', '1w', '1e3s', 'soon'])('"%s" is refused with an example', (text) =>
    expect(() => duration(text, bounds)).toThrow(/800ms, 2s, 1m or 2h/),
  );
  it.each(['0s', '61m'])('%s is refused with the bounds', (text) =>
    expect(() => duration(text, bounds)).toThrow('from 1 ms to 60 min'),
  );
  it.each([
    [800, '800 ms'],
    [1_500, '1.5 s'],
    [60_000, '1 min'],
    [90_000, '90 s'],
    [7_200_000, '2 h'],
    [2_592_000_000, '30 days'],
  ])('of %d ms is written %s', (ms, text) => expect(durationText(ms)).toBe(text));
});

describe('a percentage', () => {
  it.each([
    ['30%', 30],
    ['30 %', 30],
    ['30', 30],
    ['0.5%', 0.5],
    ['100%', 100],
  ])('%s is %d', (text, percent) => expect(percentage(text)).toBe(percent));
  it.each(['', '%', '0', '0%', '101', '-1', '1e1', 'half'])('"%s" is refused with an example', (text) =>
    expect(() => percentage(text)).toThrow(/30% or 30/),
  );
});
