import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { parkedQueue } from '@paid-once/contracts';
import { BrokerOperator } from './support/broker-admin.js';
import { PaymentsUnderFault } from './support/payments-under-fault.js';
import { isOutboxDrained, relayStatus } from './support/relay-status.js';
import { reversePayments } from './support/reverse-payments.js';
import { eventually, TestStack } from './support/test-stack.js';
import { setUpAgain } from './support/wipe-broker.js';

jest.setTimeout(90_000);

const queuesOfShards = String.raw`^ledger\.payments\.\d+$`;

let system: TestStack;
let payments: PaymentsUnderFault;
let operator: BrokerOperator;
let reversals = 0;

beforeAll(async () => {
  system = await TestStack.start({ env: { relay: { PAID_ONCE_REPAIR_EVERY_SECONDS: '1' } } });
  payments = new PaymentsUnderFault(system);
  operator = new BrokerOperator(system.admin.broker, system.admin.vhost);
});
afterAll(() => system?.stop());
afterEach(async () => {
  await operator.removePolicy().catch(() => {}); // it may be gone
  await system.stack.links.healAll();
});

/** Twenty payments and the reversals of ten of them, while nobody can fetch anything. */
async function payBehindCutLink(): Promise<void> {
  await payments.pay(20);
  reversals += await reversePayments(system, 10);
}

describe('a policy that somebody sets on the queues of a running system while the ledger is away', () => {
  it('E6: message-ttl: what expires is parked, and posted by a redrive', async () => {
    await system.stack.links.break('ledger-rabbitmq');
    await operator.setPolicy({ 'message-ttl': 50 }, queuesOfShards);
    await payBehindCutLink();
    await eventually(() => isOutboxDrained(system), 'RabbitMQ has confirmed all');
    await system.stack.links.heal('ledger-rabbitmq');
    await eventually(async () => (await deadLettered()) === 30, 'all of it is parked');
    await operator.removePolicy();
    expect(await redrive()).toBe(30);
    await payments.expectPostedWithReversals(reversals);
  });

  it('E6: expires: the queues go with what is in them, setup says why it does not make them again, and the repair publishes it again', async () => {
    const before = (await relayStatus(system))!.repair.missingFound;
    await system.stack.links.break('ledger-rabbitmq');
    await payBehindCutLink();
    await eventually(() => isOutboxDrained(system), 'RabbitMQ has confirmed all');
    await operator.setPolicy({ expires: 500 }, queuesOfShards);
    await eventually(async () => (await operator.queues()).join() === parkedQueue, 'the queues are gone');
    await expect(setUpAgain(system.stack)).rejects.toThrow(/policy "fault".*sets expires.*delete the policy/);
    await operator.removePolicy();
    await setUpAgain(system.stack);
    await system.stack.links.heal('ledger-rabbitmq');
    await payments.expectPostedWithReversals(reversals, 60_000);
    expect((await relayStatus(system))!.repair.missingFound - before).toBe(30);
  });

  it('E6: max-length with drop-head, which overrules how the queues were made: what is dropped is parked, and posted by a redrive', async () => {
    await system.stack.links.break('ledger-rabbitmq');
    await operator.setPolicy({ 'max-length': 1, overflow: 'drop-head' }, queuesOfShards);
    await payBehindCutLink();
    await eventually(() => isOutboxDrained(system), 'RabbitMQ has confirmed all');
    await system.stack.links.heal('ledger-rabbitmq');
    await eventually(async () => (await deadLettered()) > 0, 'what was dropped is parked');
    await operator.removePolicy();
    await eventually(async () => {
      await redrive();
      return (await system.compare()).agree;
    }, 'all that was dropped has come and is posted');
    await payments.expectPostedWithReversals(reversals);
  });
});

async function deadLettered(): Promise<number> {
  const [row] = await system.sql<{ count: number }>(
    'ledger',
    `SELECT count(*)::int AS count FROM parked_message WHERE reason = 'dead-lettered'`,
  );
  return row?.count ?? 0;
}

/** @returns how many were posted by it */
async function redrive(): Promise<number> {
  const answer = await fetch(`${system.stack.urls.ledger}/parked/redrive`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ by: 'ann', why: 'the policy is gone', reason: 'dead-lettered' }),
  });
  const { redriven } = (await answer.json()) as { redriven: { posted: number } };
  return redriven.posted;
}
