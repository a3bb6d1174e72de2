import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { pause } from '@paid-once/service';
import { ledgerAnswer, readiness, relayAnswer } from './support/ask.js';
import { BrokerOperator } from './support/broker-admin.js';
import { itNeeding, whyNoIptables } from './support/it-needing.js';
import { dropPackets } from './support/packet-filter.js';
import { expectUndisturbed, PaymentsUnderFault } from './support/payments-under-fault.js';
import { reversePayments } from './support/reverse-payments.js';
import { eventually, TestStack } from './support/test-stack.js';

jest.setTimeout(90_000);

const link = 'relay-rabbitmq';

let system: TestStack;
let payments: PaymentsUnderFault;
let operator: BrokerOperator;
let pid: number | undefined;

beforeAll(async () => {
  // The deadline for confirms stays as it is in production: a slow link must not be taken for a lost confirm.
  system = await TestStack.start({ env: { relay: { PAID_ONCE_HEARTBEAT_SECONDS: '1' } } });
  payments = new PaymentsUnderFault(system);
  operator = new BrokerOperator(system.admin.broker, system.admin.vhost);
  pid = system.stack.services.relay.pid;
});
afterAll(() => system?.stop());
afterEach(async () => {
  await system.stack.links.healAll();
  expect(system.stack.services.relay.pid).toBe(pid);
});

const relay = async () => relayAnswer(system.stack.urls.relay);
const brokerState = async () => (await relay())?.broker.kind;
const pending = async () => (await relay())?.outbox?.pending ?? -1;
const duplicates = async () => (await ledgerAnswer(system.stack.urls.ledger))?.duplicates.message ?? 0;
const isUp = () => eventually(async () => (await brokerState()) === 'up', 'the relay is connected');

const reconnections = () =>
  system.logged.filter((line) => /^relay .*RabbitMQ at .* is back after/.test(line)).length;

describe('the link from relay to RabbitMQ', () => {
  // First, while nothing else has made the relay publish twice.
  it('D14: slow, narrow and in crumbs is waited for: no confirm is given up, and nothing is published twice', async () => {
    await isUp();
    const before = { relay: await relay(), duplicates: await duplicates() };
    for (const stream of ['upstream', 'downstream'] as const) {
      await system.stack.links.addToxic(link, {
        type: 'latency',
        stream,
        attributes: { latency: 300, jitter: 100 },
      });
      await system.stack.links.addToxic(link, { type: 'bandwidth', stream, attributes: { rate: 4 } });
    }
    await system.stack.links.addToxic(link, {
      type: 'slicer',
      stream: 'downstream',
      attributes: { average_size: 3, size_variation: 1, delay: 0 },
    });
    const startedAt = performance.now();
    await payments.pay(50);
    await eventually(async () => (await pending()) === 0, 'all is published', 60_000);
    expect(performance.now() - startedAt).toBeGreaterThan(6_000); // longer than a confirm may take
    await system.stack.links.heal(link);
    await payments.expectAgreement();
    expect((await relay())?.published).toBe((before.relay?.published ?? 0) + 50);
    expect(await duplicates()).toBe(before.duplicates);
  });

  it('D1: down for seconds, then flapping each 200 ms, disturbs nobody who pays; afterwards everything drains', async () => {
    const rounds = await payments.whilePaying(async () => {
      await system.stack.links.break(link);
      await pause(3_000);
      expect(await pending()).toBeGreaterThan(0);
      for (let flaps = 0; flaps < 12; flaps++) {
        await system.stack.links.heal(link);
        await pause(200);
        await system.stack.links.break(link);
        await pause(200);
      }
      await system.stack.links.heal(link);
    });
    expectUndisturbed(rounds);
    await payments.expectAgreement();
  });

  it('D4: cut in the middle of a frame, on each connection, leaves no half message', async () => {
    await system.stack.links.addToxic(link, {
      type: 'limit_data',
      stream: 'upstream',
      attributes: { bytes: 2_999 }, // a login and some messages; odd, so that it ends in a frame
    });
    const before = reconnections();
    await operator.closeAllConnections();
    await payments.pay(60);
    await eventually(() => reconnections() >= before + 3, 'it was cut and connected again, time after time');
    expect(await pending()).toBeGreaterThan(0); // no whole slice fits
    await system.stack.links.heal(link);
    await payments.expectAgreement();
  });

  it('D7: full queues refuse messages: they wait in the outbox, and payments and reversals end right', async () => {
    await isUp();
    await system.stack.links.break('ledger-rabbitmq');
    await operator.setPolicy({ 'max-length': 3 });
    try {
      await payments.pay(60);
      const reversals = await reversePayments(system, 20);
      await eventually(
        async () => /refused/.test((await readiness(system.stack.urls.relay)).missing['publishing'] ?? ''),
        'the relay says that the broker refuses messages',
      );
      expect(await pending()).toBeGreaterThan(0);
      await system.stack.links.heal('ledger-rabbitmq'); // while queues are still short: they fill again and again
      await eventually(
        async () => (await pending()) === 0,
        'the ledger makes room, and all get through',
        60_000,
      );
      await payments.expectPostedWithReversals(reversals);
    } finally {
      await operator.removePolicy();
    }
  });
});

describe('packets between relay and RabbitMQ', () => {
  const withIptables = itNeeding(whyNoIptables());

  withIptables('D6: that are dropped are noticed within three heartbeats', async () => {
    await isUp();
    const filter = await dropPackets(linkPort(), 'DROP');
    const droppedAt = performance.now();
    try {
      await eventually(async () => (await brokerState()) === 'down', 'the relay notices', 10_000);
      expect(performance.now() - droppedAt).toBeLessThan(3_000 + 1_500);
    } finally {
      await filter.remove();
    }
    await isUp();
  });

  withIptables('D6: that are answered with a reset are noticed at once', async () => {
    await isUp();
    const filter = await dropPackets(linkPort(), 'REJECT');
    const rejectedAt = performance.now();
    try {
      await eventually(async () => (await brokerState()) === 'down', 'the relay notices', 10_000);
      expect(performance.now() - rejectedAt).toBeLessThan(2_500); // with its next heartbeat
    } finally {
      await filter.remove();
    }
    await isUp();
  });
});

const linkPort = () => Number(new URL(system.stack.env['PAID_ONCE_RELAY_AMQP_URL'] ?? '').port);
