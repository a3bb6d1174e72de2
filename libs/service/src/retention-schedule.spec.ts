import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { RetentionSchedule, type RetentionRun } from './retention-schedule.js';

type Removed = { messages: number };

describe('the schedule of a retention', () => {
  let said: string[];
  let begun: {
    signal: AbortSignal;
    end: (run?: RetentionRun<Removed>) => void;
    fail: (error: Error) => void;
  }[];
  beforeEach(() => {
    [said, begun] = [[], []];
    for (const level of ['log', 'warn'] as const)
      jest.spyOn(Logger.prototype, level).mockImplementation((line: unknown) => void said.push(String(line)));
  });
  afterEach(() => void jest.restoreAllMocks());

  const schedule = (options: { everySeconds?: number; off?: string } = {}) =>
    new RetentionSchedule<Removed>(new SchedulerRegistry(), {
      everySeconds: 60,
      ...options,
      run: (signal) => new Promise((resolve, reject) => begun.push({ signal, end: resolve, fail: reject })),
    });
  const run = (messages: number): RetentionRun<Removed> => ({ removed: { messages }, oldest: 'then' });

  it('C15: takes a tick during a run for that run', async () => {
    const retention = schedule();
    const ticks = [retention.tick(), retention.tick()];
    expect(begun).toHaveLength(1);
    begun[0]?.end(run(3));
    await Promise.all(ticks);
    void retention.tick();
    expect(begun).toHaveLength(2);
    begun[1]?.end();
  });

  it('waits for the portion in hand at shutdown, and begins no run after that', async () => {
    const retention = schedule();
    retention.onApplicationBootstrap();
    void retention.tick();
    let stopped = false;
    const stopping = retention.onModuleDestroy().then(() => (stopped = true));
    await Promise.resolve();
    expect([begun[0]?.signal.aborted, stopped]).toEqual([true, false]);
    begun[0]?.end(run(1));
    await stopping;
    await retention.tick();
    expect(begun).toHaveLength(1);
  });

  it('counts what was removed, and says so once for a run that removed something', async () => {
    const retention = schedule();
    expect(retention.status).toEqual({ lastRunAt: null, removed: {}, oldest: null, failure: null });
    for (const messages of [3, 0, 4]) {
      const tick = retention.tick();
      begun.at(-1)?.end(run(messages));
      await tick;
    }
    expect(retention.status).toMatchObject({ removed: { messages: 7 }, oldest: 'then', failure: null });
    expect(said).toEqual(['removed 3 messages', 'removed 4 messages']);
  });

  it('tells why it cannot, once, and that it can again', async () => {
    const retention = schedule();
    for (const outcome of ['lost', 'lost', 'found']) {
      const tick = retention.tick();
      if (outcome === 'lost') begun.at(-1)?.fail(new Error('the link is cut'));
      else begun.at(-1)?.end(run(0));
      await tick;
      expect(retention.status?.failure).toBe(outcome === 'lost' ? 'the link is cut' : null);
    }
    expect(said).toEqual([
      'waiting for the next run of the retention: the link is cut',
      expect.stringMatching(/^the next run of the retention is back after/),
    ]);
  });

  it('says once that nothing is ever removed, and why', () => {
    const retention = schedule({ off: 'PAID_ONCE_X is not set' });
    retention.onApplicationBootstrap();
    expect(said).toEqual(['nothing is removed: PAID_ONCE_X is not set']);
    expect(retention.status).toBeNull();
  });
});
