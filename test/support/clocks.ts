import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { clockEnvironment, setClock, settableClockEnvironment } from '@paid-once/infrastructure';
import { pause } from '@paid-once/service';
import type { ServiceName } from '../../apps/cli/src/services.js';
import { PaymentsUnderFault } from './payments-under-fault.js';
import { reversePayments } from './reverse-payments.js';
import { eventually, TestStack } from './test-stack.js';

const serviceNames = ['payments', 'relay', 'ledger'] as const;

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
  return withClocks(
    (service) => clockEnvironment(clocks[service].clock),
    async (system) => {
      for (const service of serviceNames)
        expect((await wrongBySeconds(system, service)) / clocks[service].seconds).toBeCloseTo(1, 1);
      return expectPostedAndRemembered(system);
    },
  );
}

/** The same while the clock of every process runs so many times too fast. */
export async function expectUnaffectedBySpeed(times: number): Promise<number> {
  return withClocks(
    () => clockEnvironment(`+0 x${times}`),
    async (system) => {
      const startedAt = performance.now();
      const paid = await expectPostedAndRemembered(system);
      const ranSeconds = (performance.now() - startedAt) / 1_000;
      for (const service of serviceNames)
        expect(await wrongBySeconds(system, service)).toBeGreaterThan(ranSeconds * (times / 2));
      return paid;
    },
  );
}

/** The same while the clocks jump, one after the other, by each of these under payments. */
export async function expectUnaffectedByJumps(jumps: Record<ServiceName, number>[]): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'paid-once-clocks-'));
  const clockOf = (service: ServiceName) => join(directory, service);
  try {
    return await withClocks(
      (service) => settableClockEnvironment(clockOf(service)),
      async (system) => {
        const payments = new PaymentsUnderFault(system);
        await payments.whilePaying(async () => {
          for (const seconds of jumps) {
            for (const service of serviceNames)
              await setClock(clockOf(service), `${seconds[service] < 0 ? '' : '+'}${seconds[service]}`);
            for (const service of serviceNames)
              await eventually(
                async () => Math.abs((await wrongBySeconds(system, service)) - seconds[service]) < 10,
                `the clock of ${service} has jumped`,
              );
            await payments.pay(20);
          }
        });
        return expectPostedAndRemembered(system, payments);
      },
    );
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function withClocks(
  clockOf: (service: ServiceName) => Promise<Record<string, string>>,
  run: (system: TestStack) => Promise<number>,
): Promise<number> {
  const env = async (service: ServiceName) => ({ ...(await clockOf(service)), ...retention });
  const system = await TestStack.start({
    env: { payments: await env('payments'), relay: await env('relay'), ledger: await env('ledger') },
  });
  try {
    return await run(system);
  } finally {
    await system.stop();
  }
}

/** @returns how many payments there were then */
async function expectPostedAndRemembered(
  system: TestStack,
  payments = new PaymentsUnderFault(system),
): Promise<number> {
  await payments.pay(60, { run: 'clocks' });
  const reversals = await reversePayments(system, 10);
  await pause(2_500); // in which whatever is pruned on a schedule is pruned
  await payments.expectPostedWithReversals(reversals);
  await payments.pay(60, { run: 'clocks' }); // again: each is a replay
  payments.paid -= 60;
  await payments.expectPostedWithReversals(reversals);
  await expectNothingForgotten(system, payments.paid + reversals);
  return payments.paid;
}

async function expectNothingForgotten(system: TestStack, events: number): Promise<void> {
  const count = async (side: 'payments' | 'ledger', table: string) =>
    (await system.sql<{ count: number }>(side, `SELECT count(*)::int AS count FROM ${table}`))[0]?.count;
  expect(await count('payments', `outbox_message WHERE type LIKE 'payment.%'`)).toBe(events);
  expect(await count('ledger', 'inbox_message')).toBeGreaterThanOrEqual(events);
}

/** By the time that its answers carry. */
async function wrongBySeconds(system: TestStack, service: ServiceName): Promise<number> {
  const { headers } = await fetch(`${system.stack.urls[service]}/health/live`);
  return (Date.parse(headers.get('date') ?? '') - Date.now()) / 1_000;
}
