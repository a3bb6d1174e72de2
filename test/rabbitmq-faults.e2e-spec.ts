import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { RabbitServer } from '@paid-once/infrastructure';
import { pause } from '@paid-once/service';
import { setUpSystem } from '../apps/cli/src/set-up/set-up-system.js';
import { withInherited } from '../apps/cli/src/stack/stack-environment.js';
import { isAlive, ledgerAnswer, readiness, relayAnswer } from './support/ask.js';
import { BrokerOperator } from './support/broker-admin.js';
import { expectUndisturbed, PaymentsUnderFault } from './support/payments-under-fault.js';
import { eventually, TestStack } from './support/test-stack.js';

jest.setTimeout(90_000);

/** Shortened, so that a fault of seconds is one of many heartbeats. */
const quick = { PAID_ONCE_HEARTBEAT_SECONDS: '1' };

let system: TestStack;
let payments: PaymentsUnderFault;
let broker: RabbitServer;
let operator: BrokerOperator;
let pids: (number | undefined)[];

const relayUrl = () => system.stack.urls.relay;
const ledgerUrl = () => system.stack.urls.ledger;
const pidsNow = () => Object.values(system.stack.services).map(({ pid }) => pid);

beforeAll(async () => {
  const relayEnv = { ...quick, PAID_ONCE_RELAY_CONFIRM_TIMEOUT_MS: '1500' };
  system = await TestStack.startWithServers({ env: { relay: relayEnv, ledger: quick } });
  payments = new PaymentsUnderFault(system);
  broker = system.stack.servers!.broker;
  operator = new BrokerOperator(broker.adminUrl, broker.vhost);
  pids = pidsNow();
});
afterAll(() => system?.stop());
afterEach(async () => {
  await system.stack.links.healAll();
  expect(pidsNow()).toEqual(pids); // no process of ours has died of it
});

const pendingInOutbox = async () => (await relayAnswer(relayUrl()))?.outbox?.pending ?? -1;
const publishedAll = () => eventually(async () => (await pendingInOutbox()) === 0, 'everything is published');

describe('RabbitMQ', () => {
  it('E1: stopped and started again, is away, and what was paid meanwhile gets through', async () => {
    const rounds = await payments.whilePaying(async () => {
      await broker.ctl(['stop_app']);
      await eventually(async () => (await readiness(relayUrl())).status === 503, 'the relay says so');
      expect((await readiness(ledgerUrl())).missing['broker']).toMatch(/ECONNREFUSED|closed|close/i);
      await broker.ctl(['start_app']);
    });
    expectUndisturbed(rounds);
    await payments.expectAgreement();
  });

  it('E2: killed with -9, still has what it had confirmed', async () => {
    await system.stack.links.break('ledger-rabbitmq');
    await payments.pay(100);
    await publishedAll();
    const published = (await relayAnswer(relayUrl()))?.published;
    await broker.kill('SIGKILL');
    await broker.restart();
    await system.stack.links.heal('ledger-rabbitmq');
    await payments.expectAgreement();
    expect((await relayAnswer(relayUrl()))?.published).toBe(published); // from the broker's disk, not published again
  });

  it('E3: frozen for many heartbeats, is given up and found again, and nothing is posted twice', async () => {
    const rounds = await payments.whilePaying(async () => {
      await broker.kill('SIGSTOP');
      const frozenAt = performance.now();
      await eventually(
        async () => (await relayAnswer(relayUrl()))?.broker.kind === 'down',
        'the relay notices',
        20_000,
      );
      await eventually(
        async () => (await ledgerAnswer(ledgerUrl()))?.consumer.kind === 'waiting',
        'the ledger notices',
        20_000,
      );
      await pause(6_000 - (performance.now() - frozenAt));
      await broker.kill('SIGCONT');
    });
    expectUndisturbed(rounds);
    await payments.expectAgreement();
  });

  it.each([
    [
      'D10 E4: short of memory',
      ['set_vm_memory_high_watermark', '0.00001'],
      ['set_vm_memory_high_watermark', '0.6'],
    ],
    ['D10 E4: short of disk', ['set_disk_free_limit', '900GB'], ['set_disk_free_limit', '50MB']],
  ])(
    '%s, pauses the relay and nobody else: payments are taken, and the ledger goes on draining',
    async (_, starve, feed) => {
      await system.stack.links.break('ledger-rabbitmq');
      await payments.pay(100);
      await publishedAll();
      const [before, posted] = [await relayAnswer(relayUrl()), await system.transfersPosted()];
      await broker.ctl(starve);
      try {
        const rounds = await payments.whilePaying(async () => {
          await eventually(
            async () => (await relayAnswer(relayUrl()))?.broker.kind === 'blocked',
            'the relay is told that it is blocked',
          );
          expect((await readiness(relayUrl())).missing['broker']).toMatch(/takes no messages/);
          expect(await isAlive(relayUrl())).toBe(true);
          await system.stack.links.heal('ledger-rabbitmq');
          await eventually(
            async () => (await system.transfersPosted()) >= posted + 100,
            'the ledger drains what was confirmed',
          );
        });
        expectUndisturbed(rounds);
        expect(await pendingInOutbox()).toBeGreaterThan(0);
        expect(before?.outbox?.pending).toBe(0);
      } finally {
        await broker.ctl(feed);
      }
      await payments.expectAgreement();
    },
  );

  it('D11: closing all connections, again and again, costs a reconnection each', async () => {
    const before = reconnections();
    const rounds = await payments.whilePaying(async () => {
      for (let times = 1; times <= 3; times++) {
        await eventually(async () => (await operator.closeAllConnections()) > 0, 'connections are closed');
        await eventually(() => reconnections() >= before + times, 'the relay is connected again');
      }
    });
    expectUndisturbed(rounds);
    await payments.expectAgreement();
  });

  it('D12: a password that is no longer right is told, tried seldom, and works again when it is', async () => {
    const before = refusedLogins();
    await operator.setPassword('relay', 'another');
    await eventually(async () => (await operator.closeAllConnections()) > 0, 'connections are closed');
    await eventually(
      async () =>
        /login of user "relay" was refused/.test((await readiness(relayUrl())).missing['broker'] ?? ''),
      'the relay says whose password is wrong',
    );
    await payments.pay(20);
    await pause(5_000);
    expect(refusedLogins() - before).toBeGreaterThan(0);
    expect(refusedLogins() - before).toBeLessThanOrEqual(4);
    expect(await pendingInOutbox()).toBeGreaterThanOrEqual(20);
    const { password } = new URL(system.stack.env['PAID_ONCE_RELAY_AMQP_URL'] ?? '');
    await operator.setPassword('relay', decodeURIComponent(password));
    await payments.expectAgreement();
  });

  it('D12: a permission that was revoked is told, with its user, and nothing is marked as published', async () => {
    await operator.setPermissions('relay', '^$');
    // A living channel remembers what was permitted; the broker's list of connections is some seconds old.
    await eventually(async () => {
      await operator.closeAllConnections();
      return (await readiness(relayUrl())).missing['broker'] !== undefined;
    }, "the relay's connection is closed");
    try {
      await payments.pay(20);
      await eventually(
        async () => /403.*payments.*relay/s.test((await readiness(relayUrl())).missing['publishing'] ?? ''),
        'the relay says what it may not do',
      );
      expect(await pendingInOutbox()).toBeGreaterThan(0);
    } finally {
      await operator.setPermissions('relay', '^payments$');
    }
    await payments.expectAgreement();
    await eventually(async () => (await readiness(relayUrl())).status === 200, 'the relay is ready again');
  });

  it('D9: whose exchange was deleted, costs nothing: the relay says so, marks nothing, and goes on after setup', async () => {
    await operator.deleteExchange('payments');
    await payments.pay(20);
    await eventually(
      async () =>
        /no usable exchange payments.*run setup/.test((await readiness(relayUrl())).missing['broker'] ?? ''),
      'the relay says what is missing',
    );
    expect(await pendingInOutbox()).toBeGreaterThanOrEqual(20);
    await setUpSystem({ env: withInherited(system.stack.env), say: () => {} });
    await payments.expectAgreement();
    await eventually(async () => (await readiness(relayUrl())).status === 200, 'the relay is ready again');
  });
});

const reconnections = () =>
  system.logged.filter((line) => /^relay .*RabbitMQ at .* is back after/.test(line)).length;
const refusedLogins = () =>
  system.logged.filter((line) => /^broker .*PLAIN login refused: user 'relay'/.test(line)).length;
