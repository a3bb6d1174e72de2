import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { agreement, eventually, TestStack } from './support/test-stack.js';

jest.setTimeout(90_000);

let system: TestStack;

beforeAll(async () => {
  system = await TestStack.start({ restart: false });
});
afterAll(() => system.stop());
afterEach(() => system.stack.links.healAll());

describe('reset', () => {
  it('empties both sides, or neither while one cannot be, and nothing of before comes back', async () => {
    const before = (await system.compare()).payments.count;
    await system.stack.links.break('ledger-rabbitmq');
    expect((await system.pay(50)).summary.accepted).toBe(50);
    await eventually(async () => (await system.compare()).breaks.inOutbox.count === 0, 'all is published');
    expect(await reset()).toBe(503); // the ledger cannot purge its queues: nothing is deleted
    expect((await system.compare()).payments.count).toBe(before + 50);
    await system.stack.links.heal('ledger-rabbitmq');
    await eventually(async () => (await reset()) === 204, 'both sides are empty');
    const empty = { count: 0, totals: {}, reversals: 0 };
    expect([await system.stats('payments'), await system.stats('ledger')]).toEqual([empty, empty]);
    expect((await system.pay(10)).summary.accepted).toBe(10);
    expect(await system.compareUntilAgreed()).toMatchObject(agreement(10));
  });

  it('while payments flow leaves ledgers that agree', async () => {
    const paying = system.pay(400);
    await eventually(async () => (await system.compare()).payments.count > 100, 'payments flow');
    await eventually(async () => (await reset()) === 204, 'both sides are empty');
    await paying;
    expect((await system.compareUntilAgreed()).agree).toBe(true);
  });
});

async function reset(): Promise<number> {
  return (await fetch(`${system.stack.urls.payments}/payments/`, { method: 'DELETE' })).status;
}
