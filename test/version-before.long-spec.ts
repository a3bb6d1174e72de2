import { afterAll, beforeAll, expect, jest } from '@jest/globals';
import { setUpSystem } from '../apps/cli/src/set-up/set-up-system.js';
import { withInherited } from '../apps/cli/src/stack/stack-environment.js';
import { SupervisedService } from '../apps/cli/src/stack/supervised-service.js';
import { readiness, relayAnswer } from './support/ask.js';
import { itNeeding } from './support/it-needing.js';
import { OwnProcess } from './support/own-process.js';
import { expectUndisturbed, PaymentsUnderFault } from './support/payments-under-fault.js';
import { reversePayments } from './support/reverse-payments.js';
import { eventually, TestStack } from './support/test-stack.js';
import { VersionBefore } from './support/version-before.js';

jest.setTimeout(10 * 60_000);

const missing = VersionBefore.whyNot();
const withVersionBefore = itNeeding(missing);
const serviceNames = ['payments', 'relay', 'ledger'] as const;
type ServiceName = (typeof serviceNames)[number];
/** While a ledger of the version before may get the relay's markers: it parks them. */
const noRepair = { PAID_ONCE_REPAIR_EVERY_SECONDS: '0' };
/** The relay of the version before does not say who it is. */
const trustsUnsigned = { PAID_ONCE_LEDGER_TRUSTS: 'relay,payments,unsigned' };

let before: VersionBefore;
let system: TestStack;
let payments: PaymentsUnderFault;
let reversals = 0;
const replacements: SupervisedService[] = [];
const errorsOfReplacements: string[] = [];

beforeAll(async () => {
  if (missing !== undefined) return;
  before = await VersionBefore.build();
  system = await TestStack.start({ launch: before.startStack });
  payments = new PaymentsUnderFault(system);
});
afterAll(async () => {
  await Promise.all(replacements.map((service) => service.stop()));
  await system?.stop();
  await before?.remove();
});

withVersionBefore(
  'H1: the version before works on with the schema and the queues of this one, beside it and in every mixed pair, and no payment is refused, lost or posted twice',
  async () => {
    await payAndReverse();
    const rounds = await payments.whilePaying(
      async () => void (await setUpSystem({ env: withInherited(system.stack.env), say: () => {} })),
    );
    expectUndisturbed(rounds);
    await payAndReverse();
    expect(system.errorsLogged).toEqual([]);

    for (const name of serviceNames) await payments.whilePaying(() => system.stack.services[name].restart());
    await payAndReverse();

    await redeliverUntilSuspicious();

    await workSideBySide();

    const newRelay = await replace('relay', noRepair);
    await payAndReverse(); // new relay, old ledger
    await payments.whilePaying(async () => {
      await newRelay.stop();
      await system.stack.services.relay.restart();
    });
    await replace('ledger', trustsUnsigned);
    await payAndReverse(); // old relay, new ledger
    await replace('payments');
    await payAndReverse();
    await replace('relay', { PAID_ONCE_REPAIR_EVERY_SECONDS: '1' });
    await payAndReverse();
    await eventually(
      async () =>
        (await system.sql('payments', 'SELECT FROM outbox_marker WHERE verified_at IS NOT NULL')).length > 0,
      'what both versions published is verified',
    );
    await payAndReverse();
    expect((await system.compareUntilAgreed()).agree).toBe(true);
    expect(await system.sql('payments', `SELECT FROM outbox_intervention WHERE kind = 'replay'`)).toEqual([]);
    expect(errorsOfReplacements).toEqual([]);
  },
);

/** Three deaths over the same messages: the ledger of the version before takes its notes of what it begins. */
async function redeliverUntilSuspicious(): Promise<void> {
  const release = await system.holdTransaction('ledger', 'LOCK TABLE transfer IN EXCLUSIVE MODE');
  const { ledger } = system.stack.services;
  const posting = async () =>
    (
      await system.sql<{ pid: number }>(
        'ledger',
        `SELECT pid FROM pg_locks WHERE relation = 'transfer'::regclass AND NOT granted`,
      )
    ).map(({ pid }) => pid);
  try {
    await payments.pay(20);
    let ofTheDead: number[] = [];
    for (let death = 1; death <= 3; death++) {
      await eventually(
        async () => (await posting()).some((pid) => !ofTheDead.includes(pid)),
        'the ledger has messages in hand',
      );
      ofTheDead = await posting();
      await ledger.kill('SIGKILL');
      await ledger.ready();
    }
    await eventually(
      async () =>
        (await system.sql('ledger', 'SELECT FROM started_attempt WHERE process IS NOT NULL')).length > 0,
      'the ledger has noted who tries a message alone',
    );
  } finally {
    await release();
  }
  await payAndReverse();
}

/** Both payments services get the same keys; what a killed process of one version had in hand, the other may get. */
async function workSideBySide(): Promise<void> {
  const others = await Promise.all(
    serviceNames.map((service) =>
      OwnProcess.start(system, service, { env: { ...noRepair, ...trustsUnsigned } }),
    ),
  );
  const [api, relay] = others;
  try {
    for (const { url } of others)
      await eventually(async () => (await readiness(url)).status === 200, `${url} is ready`, 60_000);
    await eventually(
      async () => ((await relayAnswer(relay!.url))?.ownedShards.length ?? 0) > 0,
      'the relays share the shards',
    );
    await payments.whilePaying(async () => {
      const shared = { run: 'both-versions', concurrency: 4 };
      const [summary, sameKeys] = await Promise.all([
        payments.pay(200, shared),
        system.pay(200, { ...shared, url: api!.url }),
      ]);
      expect(sameKeys.summary).toMatchObject({ refused: 0, failed: 0 });
      expect(summary.accepted + sameKeys.summary.accepted).toBeGreaterThanOrEqual(200);
      for (const name of ['ledger', 'relay'] as const) {
        await system.stack.services[name].kill('SIGKILL');
        await system.stack.services[name].ready();
      }
    });
    await payAndReverse();
  } finally {
    await Promise.all(others.map((other) => other.stop()));
  }
}

/** Puts a process of this version, under load, where one of the version before was. */
async function replace(service: ServiceName, env: Record<string, string> = {}): Promise<SupervisedService> {
  const old = system.stack.services[service];
  let replacement: SupervisedService | undefined;
  await payments.whilePaying(async () => {
    await old.stop();
    replacement = new SupervisedService({
      service,
      name: service,
      url: old.url,
      env: withInherited({ ...system.stack.env, ...env }),
      restart: false,
      onLine: (line) => void (/"level":"(error|fatal)"/.test(line) && errorsOfReplacements.push(line)),
      say: () => {},
    });
    replacements.push(replacement);
    await replacement.ready();
  });
  return replacement!;
}

async function payAndReverse(): Promise<void> {
  await payments.pay(60, { concurrency: 4 });
  reversals += await reversePayments(system, 10);
  await expectPostedOnce();
}

/** Asks the databases: no version's comparison knows the routes of the other one's services. */
async function expectPostedOnce(): Promise<void> {
  const count = payments.paid + reversals;
  await eventually(async () => (await system.transfersPosted()) >= count, `${count} transfers are posted`);
  const accepted = await system.sql(
    'payments',
    `SELECT payment_id, type = 'payment.reversed' AS reversal, message_id, amount_minor, currency
       FROM payment_event ORDER BY payment_id, reversal`,
  );
  expect(accepted).toHaveLength(count);
  const posted = await system.sql(
    'ledger',
    `SELECT payment_id, kind = 'reversal' AS reversal, message_id, amount_minor, currency
       FROM transfer ORDER BY payment_id, reversal`,
  );
  expect(posted).toEqual(accepted);
  expect(await system.sql('ledger', 'SELECT reason, detail FROM parked_message')).toEqual([]);
  expect(await system.sql('payments', 'SELECT reason FROM outbox_dead_letter')).toEqual([]);
}
