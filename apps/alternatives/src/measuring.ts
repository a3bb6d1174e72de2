import { pause } from '@paid-once/service/basics';

export interface Speed {
  p50Ms: number;
  p95Ms: number;
  perSecond: number;
}

/** How many requests are under way at once while speed is measured. */
export const concurrency = 8;

/** Does `work` for 0 … count-1, `concurrency` at a time; `worker` tells which of them does it. */
export async function measureSpeed(
  count: number,
  work: (index: number, worker: number) => Promise<unknown>,
): Promise<Speed> {
  const durationsMs: number[] = [];
  const start = performance.now();
  await inParallel(count, concurrency, async (index, worker) => {
    const since = performance.now();
    await work(index, worker);
    durationsMs.push(performance.now() - since);
  });
  const seconds = (performance.now() - start) / 1_000;
  durationsMs.sort((a, b) => a - b);
  return {
    p50Ms: rounded(durationsMs[Math.floor(count * 0.5)] ?? 0),
    p95Ms: rounded(durationsMs[Math.floor(count * 0.95)] ?? 0),
    perSecond: rounded(count / seconds),
  };
}

export async function inParallel<Result>(
  count: number,
  workers: number,
  work: (index: number, worker: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const worker = async (number: number): Promise<void> => {
    while (next < count) {
      const index = next++;
      results[index] = await work(index, number);
    }
  };
  await Promise.all(Array.from({ length: Math.min(workers, count) }, (_, number) => worker(number)));
  return results;
}

/** Waits until the condition holds. @throws Error with what was waited for, after `limitMs` milliseconds */
export async function until(
  what: string,
  condition: () => Promise<boolean> | boolean,
  limitMs = 30_000,
): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`not within ${limitMs / 1_000} s: ${what}`);
    await pause(10);
  }
}

export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** To two digits after the point. */
export function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

/** The SQLSTATE of what Postgres refused. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
