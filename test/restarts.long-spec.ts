import { afterAll, beforeAll, describe, it, jest } from '@jest/globals';
import { pause } from '@paid-once/service';
import { managedProcesses } from '../apps/cli/src/stack/managed-processes.js';
import { readiness } from './support/ask.js';
import { BrokerOperator } from './support/broker-admin.js';
import { OwnProcess } from './support/own-process.js';
import { PaymentsUnderFault } from './support/payments-under-fault.js';
import { restartInTurn } from './support/restart-in-turn.js';
import { eventually, TestStack } from './support/test-stack.js';

jest.setTimeout(180_000);

let system: TestStack;
let payments: PaymentsUnderFault;

beforeAll(async () => {
  const heartbeat = { PAID_ONCE_HEARTBEAT_SECONDS: '1' };
  system = await TestStack.startWithServers({ env: { relay: heartbeat, ledger: heartbeat } });
  payments = new PaymentsUnderFault(system);
});
afterAll(() => system?.stop());

const allReady = () =>
  eventually(
    async () => {
      const services = Object.values(system.stack.services);
      return (await Promise.all(services.map((service) => service.isReady()))).every(Boolean);
    },
    'every service is ready again',
    60_000,
  );

describe('under payments', () => {
  it.each([1, 2, 3])(
    'H3: everything is restarted in turn, in a random order (seed %i), and each payment is posted once',
    async (seed) => {
      await payments.whilePaying(async () => void (await restartInTurn(system, seed)));
      await payments.expectAgreement(60_000);
    },
  );

  it('H11: both databases are killed with -9, all their processes, and started half a second later', async () => {
    const { paymentsDb, ledgerDb } = system.stack.servers!;
    await payments.whilePaying(async () => {
      await Promise.all([paymentsDb.kill('SIGKILL'), ledgerDb.kill('SIGKILL')]);
      await pause(500);
      await Promise.all([paymentsDb.restart(), ledgerDb.restart()]);
    });
    await payments.expectAgreement();
  });

  it('H11 E2: everything is killed with -9 at once, and a restart ends in agreement without a human hand', async () => {
    const { paymentsDb, ledgerDb, broker } = system.stack.servers!;
    await payments.whilePaying(async () => {
      await Promise.all(managedProcesses(system.stack).map((process) => process.kill('SIGKILL')));
      await Promise.all([paymentsDb.restart(), ledgerDb.restart(), broker.restart()]);
      await allReady(); // services are started again by their launcher
    });
    await payments.expectAgreement();
  });
});

describe('secrets that are rotated', () => {
  it('H10: are missed by who has the old one, who says so, and work after a restart with the new one', async () => {
    const operator = new BrokerOperator(system.admin.broker, system.admin.vhost);
    await rotate('payments', 'payments', 'new-payments');
    await rotate('payments', 'relay', 'new-relay');
    await rotate('ledger', 'ledger', 'new-ledger');
    for (const user of ['relay', 'ledger']) await operator.setPassword(user, `new-${user}-amqp`);
    await eventually(
      async () => (await operator.closeAllConnections()) > 0,
      'who is connected logs in again',
    );

    const { urls } = system.stack;
    await eventually(
      async () =>
        /password authentication failed/.test((await readiness(urls.payments)).missing['database'] ?? ''),
      'payments says that its password is wrong',
    );
    await eventually(async () => {
      const { missing } = await readiness(urls.relay);
      return (
        /password/.test(missing['database'] ?? '') &&
        /login of user "relay" was refused/.test(missing['broker'] ?? '')
      );
    }, 'the relay says whose passwords are wrong');
    await eventually(async () => {
      const { missing } = await readiness(urls.ledger);
      return (
        /password/.test(missing['database'] ?? '') &&
        /login of user "ledger" was refused/.test(missing['broker'] ?? '')
      );
    }, 'the ledger says whose passwords are wrong');

    const renewed = await Promise.all([
      OwnProcess.start(system, 'payments', {
        env: withPassword('PAID_ONCE_PAYMENTS_DB_URL', 'new-payments'),
      }),
      OwnProcess.start(system, 'relay', {
        env: {
          ...withPassword('PAID_ONCE_RELAY_DB_URL', 'new-relay'),
          ...withPassword('PAID_ONCE_RELAY_AMQP_URL', 'new-relay-amqp'),
        },
      }),
      OwnProcess.start(system, 'ledger', {
        env: {
          ...withPassword('PAID_ONCE_LEDGER_DB_URL', 'new-ledger'),
          ...withPassword('PAID_ONCE_LEDGER_AMQP_URL', 'new-ledger-amqp'),
        },
      }),
    ]);
    try {
      for (const { url } of renewed)
        await eventually(async () => (await readiness(url)).status === 200, `${url} is ready`);
      await payments.pay(20, { url: renewed[0].url });
      const posted = async () => (await system.transfersPosted()) === payments.paid;
      await eventually(posted, 'they are posted');
    } finally {
      await Promise.all(renewed.map((process) => process.stop()));
    }
  });
});

async function rotate(side: 'payments' | 'ledger', role: string, password: string): Promise<void> {
  await system.sql(side, `ALTER ROLE ${role} PASSWORD '${password}'`);
  await system.sql(side, 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1', [role]);
}

function withPassword(variable: string, password: string): Record<string, string> {
  const url = new URL(system.stack.env[variable] ?? '');
  url.password = password;
  return { [variable]: url.href };
}
