import { describe, expect, it } from '@jest/globals';
import { Turns } from './turns.js';

describe('turns', () => {
  it('run no more pieces of work at a time than were asked for, in order, and go on after one that failed', async () => {
    const turns = new Turns(2);
    let [running, most] = [0, 0];
    const started: number[] = [];
    const work = (index: number) =>
      turns.take(async () => {
        started.push(index);
        most = Math.max(most, ++running);
        await new Promise((resolve) => setImmediate(resolve));
        running--;
        if (index % 3 === 0) throw new Error(`${index} failed`);
        return index;
      });
    const outcomes = await Promise.allSettled(Array.from({ length: 9 }, (_, index) => work(index)));
    expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual(
      Array.from({ length: 9 }, (_, index) => index % 3 !== 0),
    );
    expect([most, started]).toEqual([2, [0, 1, 2, 3, 4, 5, 6, 7, 8]]);
  });
});
