import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { PaymentsUnderFault } from './support/payments-under-fault.js';
import { restartInTurn } from './support/restart-in-turn.js';
import { TestStack } from './support/test-stack.js';

jest.setTimeout(30 * 60_000);

let system: TestStack;

beforeAll(async () => {
  system = await TestStack.startWithServers({ instances: { payments: 2, relay: 2, ledger: 2 } });
});
afterAll(() => system?.stop());

it('H3: everything, two of each service, is restarted in turn twenty times in random orders, and each payment is posted once', async () => {
  const payments = new PaymentsUnderFault(system);
  const orders = new Set<string>();
  for (let seed = 1; seed <= 20; seed++) {
    await payments.whilePaying(async () => void orders.add((await restartInTurn(system, seed)).join()));
    await payments.expectAgreement(60_000);
  }
  expect(orders.size).toBe(20);
});
