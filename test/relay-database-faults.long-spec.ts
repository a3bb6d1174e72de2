import { afterAll, afterEach, beforeAll, describe, it, jest } from '@jest/globals';
import { relay, roleFaults } from './support/database-faults.js';
import { StackUnderDatabaseFault } from './support/stack-under-database-fault.js';

jest.setTimeout(90_000);

let stack: StackUnderDatabaseFault;

beforeAll(async () => {
  stack = await StackUnderDatabaseFault.start();
});
afterAll(() => stack?.system.stop());
afterEach(() => stack.whole());

// What happens to the whole server happens to the relay together with the payments service.
describe('the relay', () => {
  it.each(roleFaults)('$title', (fault) => stack.goesOnThrough(fault, relay));
});
