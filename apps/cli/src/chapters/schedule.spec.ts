import { describe, expect, it } from '@jest/globals';
import { Schedule, type Step } from './schedule.js';

/** Steps that tell when they are taken, and wait until they are let go. */
function heldSteps(...afters: number[]) {
  const taken: number[] = [];
  const gates = new Map(afters.map((after) => [after, Promise.withResolvers<void>()]));
  const steps: Step[] = afters.map((after) => ({
    after,
    state: `after ${after}`,
    take: async () => {
      taken.push(after);
      await gates.get(after)?.promise;
    },
  }));
  return { steps, taken, letGo: (after: number) => gates.get(after)?.resolve() };
}

const isHeld = async (row: Promise<void>): Promise<boolean> => {
  let held = true;
  void row.then(() => (held = false));
  await new Promise(setImmediate);
  return held;
};

describe('a schedule by rows', () => {
  it('holds the rows after a step until it is taken, and none before it', async () => {
    const { steps, taken, letGo } = heldSteps(20, 50);
    const schedule = new Schedule(200, steps);
    await schedule.beforeRow(1);
    await schedule.beforeRow(40);
    expect(taken).toEqual([]);
    expect(schedule.state).toBe('');

    const next = [schedule.beforeRow(41), schedule.beforeRow(42)];
    expect(await isHeld(next[0]!)).toBe(true);
    expect(await isHeld(next[1]!)).toBe(true);
    letGo(20);
    await Promise.all(next);
    expect(taken).toEqual([20]);
    expect(schedule.state).toBe('after 20');
    expect(schedule.heldMs).toBeGreaterThan(0);
  });

  it('takes each step once, in their order, however they were given', async () => {
    const { steps, taken, letGo } = heldSteps(50, 20);
    letGo(20);
    letGo(50);
    const schedule = new Schedule(10, steps);
    await Promise.all([1, 2, 3, 4, 5, 6, 7].map((row) => schedule.beforeRow(row)));
    expect(taken).toEqual([20, 50]);
  });

  it('takes what is left at the end', async () => {
    const { steps, taken, letGo } = heldSteps(20, 100);
    letGo(20);
    letGo(100);
    const schedule = new Schedule(10, steps);
    await schedule.finish();
    await schedule.finish();
    expect(taken).toEqual([20, 100]);
  });

  it('tells every later row of a step that could not be taken', async () => {
    const schedule = new Schedule(10, [
      { after: 10, state: '', take: () => Promise.reject(new Error('the links are gone')) },
    ]);
    await schedule.beforeRow(1);
    await expect(schedule.beforeRow(2)).rejects.toThrow('the links are gone');
    await expect(schedule.beforeRow(3)).rejects.toThrow('the links are gone');
    await expect(schedule.finish()).rejects.toThrow('the links are gone');
  });
});
