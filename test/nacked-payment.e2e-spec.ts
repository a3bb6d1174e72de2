import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { OneByOneLink } from '../libs/broker/src/testing/one-by-one-link.js';
import { pause } from '@paid-once/service';
import { ledgerAnswer, relayAnswer } from './support/ask.js';
import { BrokerOperator } from './support/broker-admin.js';
import { PaymentsUnderFault } from './support/payments-under-fault.js';
import { reversePayments } from './support/reverse-payments.js';
import { eventually, TestStack } from './support/test-stack.js';

jest.setTimeout(90_000);

/** In which the broker's side of a channel hears from a queue that it has room again: nobody else can see that. */
const heardMs = 500;

let system: TestStack;
let payments: PaymentsUnderFault;
let operator: BrokerOperator;

beforeAll(async () => {
  system = await TestStack.start();
  payments = new PaymentsUnderFault(system);
  operator = new BrokerOperator(system.admin.broker, system.admin.vhost);
});
afterAll(() => system?.stop());

describe('a queue that is full for one message of a slice, and has room for the next', () => {
  it('D7 F7: a payment that is nacked while its reversal gets through: the reversal waits, and both are posted in order', async () => {
    let [refused, shard] = [0, -1];
    const link = await OneByOneLink.to(Number(process.env['TEST_AMQP_PORT']), 40, async (answer) => {
      if (answer === 'refused') await (++refused === 1 ? makeRoom(shard) : pause(heardMs));
    });
    const leadBack = await leadRelayTo(link.port);
    try {
      await eventually(async () => (await relayAnswer(system.stack.urls.relay))?.broker.kind === 'up', 'led');
      // Away until both are there, so that it finds payments and reversals in one window.
      for (const away of ['relay-postgres', 'ledger-rabbitmq'] as const) await system.stack.links.break(away);
      await payments.pay(20);
      shard = await fullestShard();
      await limitQueueOf(shard, 1);
      const reversals = await reversePayments(system, 20);
      await system.stack.links.heal('relay-postgres');
      await payments.expectPostedWithReversals(reversals);
    } finally {
      await operator.removePolicy();
      await leadBack();
      await link.close();
    }

    expect(refused).toBeGreaterThan(0);
    const { parked } = (await ledgerAnswer(system.stack.urls.ledger))!;
    expect(parked['waiting-for']).toBeGreaterThan(0); // reversals have overtaken their payments
    expect(Object.keys(parked)).toEqual(['waiting-for']);
    const inDisorder = await system.sql(
      'ledger',
      `SELECT FROM transfer AS reversal JOIN transfer AS payment USING (payment_id)
        WHERE reversal.kind = 'reversal' AND payment.kind = 'payment' AND reversal.id < payment.id`,
    );
    expect(inDisorder).toEqual([]);
  });
});

/** Where a payment is refused, and not a reversal at once: of twenty payments it has five at least. */
async function fullestShard(): Promise<number> {
  const [row] = await system.sql<{ shard: number }>(
    'payments',
    'SELECT shard FROM outbox_message GROUP BY shard ORDER BY count(*) DESC LIMIT 1',
  );
  return row!.shard;
}

async function limitQueueOf(shard: number, messages: number): Promise<void> {
  const limit = { 'max-length': messages, overflow: 'reject-publish' };
  await operator.setPolicy(limit, String.raw`^ledger\.payments\.${shard}$`);
}

/** For everything from now on, however slow the ledger is. */
async function makeRoom(shard: number): Promise<void> {
  await limitQueueOf(shard, 1_000);
  await system.stack.links.heal('ledger-rabbitmq');
  await eventually(async () => (await system.transfersPosted()) > 0, 'the ledger empties the queues');
}

/** @returns what leads it to the broker again */
async function leadRelayTo(port: number): Promise<() => Promise<void>> {
  const { links } = system.stack;
  const { name, listen, upstream } = (await links.list()).find((link) => link.name === 'relay-rabbitmq')!;
  const lead = async (to: string) => {
    await links.populate([{ name: name as 'relay-rabbitmq', listen, upstream: to, enabled: true }]);
  };
  await lead(`127.0.0.1:${port}`);
  return () => lead(upstream);
}
