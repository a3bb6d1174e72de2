import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { isAlive, readiness } from './support/ask.js';
import { OwnProcess } from './support/own-process.js';
import { eventually, TestStack } from './support/test-stack.js';

jest.setTimeout(60_000);

let system: TestStack;

beforeAll(async () => {
  system = await TestStack.start();
});
afterAll(() => system?.stop());

/** As an operator can write it into a URL: past what the services ask for themselves. */
function withoutDurableCommits(variable: string): Record<string, string> {
  const url = new URL(system.stack.env[variable] ?? '');
  url.searchParams.set('options', '-c synchronous_commit=off');
  return { [variable]: url.href };
}

describe('a service whose sessions commit without waiting for the disk', () => {
  it.each([
    ['payments', 'PAID_ONCE_PAYMENTS_DB_URL'],
    ['relay', 'PAID_ONCE_RELAY_DB_URL'],
    ['ledger', 'PAID_ONCE_LEDGER_DB_URL'],
  ] as const)('B13: %s is not ready, and says why', async (service, variable) => {
    const process = await OwnProcess.start(system, service, { env: withoutDurableCommits(variable) });
    try {
      await eventually(() => isAlive(process.url), 'it lives');
      await eventually(
        async () =>
          (await readiness(process.url)).missing['database']?.includes('synchronous_commit') ?? false,
        'it says what it lacks',
      );
      const { status, missing } = await readiness(process.url);
      expect([status, missing['database']]).toEqual([
        503,
        'synchronous_commit is off: a crash would lose answered payments; set it to on',
      ]);
    } finally {
      await process.stop();
    }
  });
});
