import { describe, expect, it } from '@jest/globals';
import { setTimeout } from 'node:timers/promises';
import { Batcher, TooManyWait } from './batcher.js';

/** A batcher whose batches end when the test says so. */
function held(options: { maxSize: number; lanes: number; maxWaitMs?: number }) {
  const batches: { items: number[]; end: () => void; fail: (error: Error) => void }[] = [];
  const batcher = new Batcher<number, number>({
    ...options,
    run: (items) =>
      new Promise((resolve, reject) => {
        batches.push({ items, end: () => resolve(items.map((item) => item * 10)), fail: reject });
      }),
  });
  return { batcher, batches, sizes: () => batches.map(({ items }) => items.length) };
}

const turn = () => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)));

describe('a batcher', () => {
  it('runs what comes alone at once, and what comes meanwhile together', async () => {
    const { batcher, batches, sizes } = held({ maxSize: 100, lanes: 1 });
    const first = batcher.add(1);
    await turn();
    const others = [2, 3, 4].map((item) => batcher.add(item));
    await turn();
    expect(sizes()).toEqual([1]);
    batches[0]!.end();
    expect(await first).toBe(10);
    await turn();
    expect(batches[1]!.items).toEqual([2, 3, 4]);
    batches[1]!.end();
    expect(await Promise.all(others)).toEqual([20, 30, 40]);
  });

  it('takes no more than it may, on no more lanes than it has', async () => {
    const { batcher, sizes } = held({ maxSize: 2, lanes: 2 });
    for (let item = 0; item < 7; item++) void batcher.add(item);
    await turn();
    await turn();
    expect(sizes()).toEqual([2, 2]);
    expect(batcher.backlog).toBe(3);
  });

  it('fails a batch’s own items only, and goes on', async () => {
    const { batcher, batches } = held({ maxSize: 1, lanes: 1 });
    const bad = batcher.add(1);
    const good = batcher.add(2);
    await turn();
    batches[0]!.fail(new Error('no'));
    await expect(bad).rejects.toThrow('no');
    await turn();
    batches[1]!.end();
    expect(await good).toBe(20);
  });

  it('A8: does not begin what has waited too long for the batch before it, and goes on with the rest', async () => {
    const { batcher, batches } = held({ maxSize: 1, lanes: 1, maxWaitMs: 50 });
    const first = batcher.add(1);
    await turn();
    const overdue = expect(batcher.add(2)).rejects.toBeInstanceOf(TooManyWait);
    await setTimeout(60);
    const fresh = batcher.add(3);
    batches[0]!.end();
    await first;
    await overdue;
    await turn();
    batches[1]!.end();
    expect(await fresh).toBe(30);
    expect(batches.map(({ items }) => items)).toEqual([[1], [3]]);
    await batcher.idle();
  });

  it('is idle when nothing waits and nothing runs', async () => {
    const { batcher, batches } = held({ maxSize: 10, lanes: 1 });
    await batcher.idle();
    let idle = false;
    void batcher.add(1);
    const waiting = batcher.idle().then(() => (idle = true));
    await turn();
    expect(idle).toBe(false);
    batches[0]!.end();
    await waiting;
  });
});
