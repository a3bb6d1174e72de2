import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { LinkName } from '@paid-once/links';
import { pause } from '@paid-once/service';
import type { ServiceName } from '../apps/cli/src/services.js';
import { isAlive, readiness } from './support/ask.js';
import { PaymentsUnderFault } from './support/payments-under-fault.js';
import { eventually, TestStack } from './support/test-stack.js';

jest.setTimeout(90_000);

/** Longer than the longest pause between two attempts of anybody. */
const lateMs = 6_000;

let system: TestStack;
let payments: PaymentsUnderFault;

beforeAll(async () => {
  system = await TestStack.start({ restart: false });
  payments = new PaymentsUnderFault(system);
});
afterAll(() => system?.stop());
afterEach(() => system.stack.links.healAll());

const needs: Record<ServiceName, string[]> = {
  payments: ['database'],
  relay: ['broker', 'database'],
  ledger: ['broker', 'database'],
};
const links: LinkName[] = [
  'payments-postgres',
  'relay-postgres',
  'relay-rabbitmq',
  'ledger-rabbitmq',
  'ledger-postgres',
];

describe('services that start before everything they depend on', () => {
  it.each<[string, ServiceName[], LinkName[]]>([
    ['payments, relay, ledger', ['payments', 'relay', 'ledger'], links],
    ['ledger, payments, relay', ['ledger', 'payments', 'relay'], links.toReversed()],
    ['relay, ledger, payments', ['relay', 'ledger', 'payments'], [...links.slice(2), ...links.slice(0, 2)]],
  ])(
    'H4: in the order %s: wait, name what they lack, live, and do their work once it has come',
    async (_order, services, arriving) => {
      for (const link of links) await system.stack.links.break(link);
      await Promise.all(services.map((name) => system.stack.services[name].stop()));
      const restarts: Promise<void>[] = [];
      for (const name of services) {
        const service = system.stack.services[name];
        restarts.push(service.restart());
        await eventually(() => isAlive(service.url), `${name} lives`);
      }
      const pids = services.map((name) => system.stack.services[name].pid);
      await pause(lateMs);
      for (const name of services) {
        const { status, missing } = await readiness(system.stack.services[name].url);
        expect([name, status, Object.keys(missing)]).toEqual([
          name,
          503,
          expect.arrayContaining(needs[name]),
        ]);
      }
      expect(await payTooEarly()).toEqual([503, '1']);
      for (const link of arriving) await system.stack.links.heal(link);
      await Promise.all(restarts);
      await payments.pay(20);
      await payments.expectAgreement();
      expect(services.map((name) => system.stack.services[name].pid)).toEqual(pids);
    },
  );
});

async function payTooEarly(): Promise<[number, string | null]> {
  const { status, headers } = await fetch(`${system.stack.urls.payments}/payments`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID() },
    body: JSON.stringify({ src: 'bianca', dest: 'marc', amount: '1' }),
  });
  return [status, headers.get('retry-after')];
}
