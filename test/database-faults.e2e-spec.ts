import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { BrokerOperator } from './support/broker-admin.js';
import { ledger, payments, roleFaults, serverFaults } from './support/database-faults.js';
import { StackUnderDatabaseFault } from './support/stack-under-database-fault.js';
import { eventually } from './support/test-stack.js';

jest.setTimeout(90_000);

let stack: StackUnderDatabaseFault;

beforeAll(async () => {
  stack = await StackUnderDatabaseFault.start();
});
afterAll(() => stack?.system.stop());
afterEach(() => stack.whole());

describe.each([payments, ledger])('the $service service', (subject) => {
  it.each([...serverFaults, ...roleFaults])('$title', (fault) => stack.goesOnThrough(fault, subject));
});

describe('RabbitMQ', () => {
  it('G1 G3 G4 G5 G6 G7 G8: has delivered every message once: the ledger kept what it could not post, and no delivery count was burnt', async () => {
    const { admin } = stack.system;
    const broker = new BrokerOperator(admin.broker, admin.vhost);
    const posted = await stack.system.transfersPosted();
    // Its figures are some seconds old.
    await eventually(async () => (await broker.deliveries()).acknowledged >= posted, 'all is acknowledged');
    expect(await broker.deliveries()).toMatchObject({ redelivered: 0 });
  });
});
