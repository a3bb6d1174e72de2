import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { faultPoints, type FaultPoint } from '@paid-once/service';
import type { ServiceName } from '../apps/cli/src/services.js';
import { arm } from './support/arm.js';
import { agreement, eventually, TestStack } from './support/test-stack.js';

jest.setTimeout(90_000);

let system: TestStack;
let paid = 0;

beforeAll(async () => {
  system = await TestStack.start();
});
afterAll(() => system.stop());

/** What is a row of the fault matrix. */
const named: Partial<Record<FaultPoint, string>> = {
  'payments.before-transaction': 'A5: at payments.before-transaction',
  'payments.after-commit': 'A1 A5: at payments.after-commit',
  'relay.after-horizon': 'C6: at relay.after-horizon',
  'relay.after-publish': 'C5: at relay.after-publish',
  'relay.after-confirm': 'C5: at relay.after-confirm',
  'relay.after-progress': 'C6: at relay.after-progress',
  'ledger.before-transaction': 'F1: at ledger.before-transaction',
  'ledger.after-inbox': 'G9: at ledger.after-inbox',
  'ledger.after-transfer': 'F1: at ledger.after-transfer',
  'ledger.after-commit': 'F1 G11: at ledger.after-commit',
};
const points = faultPoints.map((point) => ({ point, name: named[point] ?? `at ${point}` }));

describe('a process that dies, as by kill -9,', () => {
  it.each(points)('$name loses no payment and pays none twice', async ({ point }) => {
    const service = system.stack.services[point.split('.')[0] as ServiceName];
    const before = service.pid;
    await arm(service.url, point);
    const { summary } = await system.pay(60);
    paid += 60;
    expect(summary).toMatchObject({ rows: 60, refused: 0, failed: 0 });
    expect(summary.accepted + summary.replayed).toBe(60);
    await eventually(() => service.pid !== undefined && service.pid !== before, `${point} was reached`);
    expect(await system.compareUntilAgreed()).toMatchObject(agreement(paid));
  });
});
