import { expect } from '@jest/globals';
import { pause } from '@paid-once/service';
import type { ServiceName } from '../../apps/cli/src/services.js';
import { clockEnvironment } from './other-clock.js';
import { PaymentsUnderFault } from './payments-under-fault.js';
import { reversePayments } from './reverse-payments.js';
import { TestStack } from './test-stack.js';

/** What a process's clock is to be, and by how many seconds it is then wrong. */
export type Clocks = Record<ServiceName, { clock: string; seconds: number }>;

/** Short windows: whoever prunes by a process's clock, even by one that is wrong by a day, forgets what he still needs. */
const retention = {
  PAID_ONCE_OUTBOX_RETENTION_MINUTES: '60',
  PAID_ONCE_INBOX_RETENTION_MINUTES: '120',
  PAID_ONCE_RETENTION_EVERY_SECONDS: '1',
};

/** Runs a system of its own with these clocks. @returns how many payments were posted once each */
export async function expectUnaffectedBy(clocks: Clocks): Promise<number> {
  const env = async (service: ServiceName) => ({
    ...(await clockEnvironment(clocks[service].clock)),
    ...retention,
  });
  const system = await TestStack.start({
    env: { payments: await env('payments'), relay: await env('relay'), ledger: await env('ledger') },
  });
  try {
    for (const service of ['payments', 'relay', 'ledger'] as const)
      expect(wrongBySeconds(system, service) / clocks[service].seconds).toBeCloseTo(1, 1);
    const payments = new PaymentsUnderFault(system);
    await payments.pay(60, { run: 'clocks' });
    const reversals = await reversePayments(system, 10);
    await pause(2_500); // in which whatever is pruned on a schedule is pruned
    await payments.expectPostedWithReversals(reversals);
    await payments.pay(60, { run: 'clocks' }); // again: each is a replay
    payments.paid -= 60;
    await payments.expectPostedWithReversals(reversals);
    await expectNothingForgotten(system, 60 + reversals);
    return payments.paid;
  } finally {
    await system.stop();
  }
}

async function expectNothingForgotten(system: TestStack, events: number): Promise<void> {
  const count = async (side: 'payments' | 'ledger', table: string) =>
    (await system.sql<{ count: number }>(side, `SELECT count(*)::int AS count FROM ${table}`))[0]?.count;
  expect(await count('payments', `outbox_message WHERE type LIKE 'payment.%'`)).toBe(events);
  expect(await count('ledger', 'inbox_message')).toBeGreaterThanOrEqual(events);
}

/** By the time that its log lines carry. */
function wrongBySeconds(system: TestStack, service: ServiceName): number {
  const line = system.logged.find((text) => text.startsWith(`${service} {`));
  const timestamp = Number(/"timestamp":(\d+)/.exec(line ?? '')?.[1]);
  return (timestamp - Date.now()) / 1_000;
}
