import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, jest } from '@jest/globals';
import { itNeeding } from './support/it-needing.js';
import { agreement, TestStack } from './support/test-stack.js';

jest.setTimeout(180_000);

/** In MiB: what V8 may take, and what the whole process may have had in memory. */
const heapLimit = 128;
const residentLimit = 320;

const it = itNeeding(
  existsSync('/proc/self/status') ? undefined : 'this system does not tell what a process takes',
);

let system: TestStack;

beforeAll(async () => {
  const payments = {
    NODE_OPTIONS: `--max-old-space-size=${heapLimit}`,
    PAID_ONCE_PAYMENTS_BACKLOG: '100',
    PAID_ONCE_PAYMENTS_BATCH: '20',
  };
  system = await TestStack.start({ restart: false, env: { payments } });
});
afterAll(() => system?.stop());

describe('ten times more payments than can be in hand, for long', () => {
  it('A8: cost no memory and no process, and all are paid in the end', async () => {
    const { payments } = system.stack.services;
    const before = payments.pid;
    await system.stack.links.breakWith('payments-postgres', { kind: 'slow', ms: 20 });
    const { summary } = await system.pay(1_000, {
      url: payments.url,
      concurrency: 400,
      attemptTimeoutMs: 10_000,
      retry: { limitMs: 110_000, firstDelayMs: 20, maxDelayMs: 200 },
    });
    expect(summary).toMatchObject({ rows: 1_000, refused: 0, failed: 0 });
    expect(summary.attempts).toBeGreaterThan(1_500); // most were told to come again
    expect(payments.pid).toBe(before);
    expect(peakResidentMb(before)).toBeLessThan(residentLimit);
    await system.stack.links.healAll();
    expect(await system.compareUntilAgreed(60_000)).toMatchObject(agreement(1_000));
  });
});

function peakResidentMb(pid: number | undefined): number {
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1_024;
}
