import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { ledgerQueue } from '@paid-once/contracts';
import { isOutboxDrained, relayStatus } from './support/relay-status.js';
import { agreement, eventually, TestStack } from './support/test-stack.js';
import { setUpAgain } from './support/wipe-broker.js';

jest.setTimeout(120_000);

let system: TestStack;
let paid = 0;

beforeAll(async () => {
  system = await TestStack.start({ env: { relay: { PAID_ONCE_REPAIR_EVERY_SECONDS: '1' } } });
});
afterAll(() => system.stop());

describe('queues, while messages are in them', () => {
  it('E6: purged by an operator: the repair publishes what was in them again, and both ledgers agree', async () => {
    const lost = await fillQueues(120);
    await onQueues('DELETE', '/contents');
    await system.stack.links.healAll();
    await expectRepaired(lost);
  });

  it('E6: deleted: the relay is unready and names the queue, payments are accepted; after setup it goes on, and both ledgers agree', async () => {
    const lost = await fillQueues(80);
    await onQueues('DELETE');
    await system.stack.links.healAll();
    await system.pay(40); // the outbox takes them
    paid += 40;
    expect(await readiness('relay')).toMatchObject({
      status: 503,
      error: expect.stringContaining('ledger.payments.'),
    });
    expect(await readiness('ledger')).toMatchObject({ status: 503 });
    await setUpAgain(system.stack);
    await expectRepaired(lost);
    await eventually(async () => (await readiness('relay')).status === 200, 'the relay is ready');
    await eventually(async () => (await readiness('ledger')).status === 200, 'the ledger is ready');
  });

  it('E6: deleted and declared anew between two payments: nobody is unready, and both ledgers agree', async () => {
    const lost = await fillQueues(60);
    await onQueues('DELETE');
    await setUpAgain(system.stack);
    await system.stack.links.healAll();
    await expectRepaired(lost);
  });

  it('E6: deleted under the ledger that consumes them: it subscribes again after setup, and both ledgers agree', async () => {
    const paying = system.pay(200);
    await onQueues('DELETE');
    await setUpAgain(system.stack);
    expect((await paying).summary).toMatchObject({ rows: 200, refused: 0, failed: 0 });
    paid += 200;
    expect(await system.compareUntilAgreed(60_000)).toMatchObject(agreement(paid));
  });
});

/** Payments that RabbitMQ has confirmed and the ledger cannot fetch. @returns how many */
async function fillQueues(count: number): Promise<number> {
  await system.compareUntilAgreed();
  await system.stack.links.break('ledger-rabbitmq');
  await system.pay(count);
  paid += count;
  await eventually(() => isOutboxDrained(system), 'RabbitMQ has confirmed all');
  return count;
}

async function expectRepaired(lost: number): Promise<void> {
  const before = missingBefore;
  expect(await system.compareUntilAgreed(60_000)).toMatchObject(agreement(paid));
  missingBefore = (await relayStatus(system))?.repair.missingFound ?? NaN;
  expect(missingBefore - before).toBe(lost);
}
let missingBefore = 0;

/** At the management API, as an operator would. */
async function onQueues(method: 'DELETE', part = ''): Promise<void> {
  const { origin, username, password } = new URL(system.stack.env['PAID_ONCE_BROKER_ADMIN_URL'] ?? '');
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const vhost = new URL(system.stack.env['PAID_ONCE_RELAY_AMQP_URL'] ?? '').pathname;
  for (let shard = 0; shard < 4; shard++) {
    const path = `${origin}/api/queues${vhost}/${ledgerQueue(shard)}${part}`;
    const { status } = await fetch(path, { method, headers: { authorization } });
    expect(status).toBe(204);
  }
}

async function readiness(service: 'relay' | 'ledger'): Promise<{ status: number; error: string }> {
  const response = await fetch(`${system.stack.urls[service]}/health/ready`);
  const { error } = (await response.json()) as { error?: object };
  return { status: response.status, error: JSON.stringify(error) };
}
