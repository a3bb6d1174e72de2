import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { pause } from '@paid-once/service';
import { run as runCli } from '../apps/cli/src/test/run.js';
import { setUpSystem } from '../apps/cli/src/set-up/set-up-system.js';
import { withInherited } from '../apps/cli/src/stack/stack-environment.js';
import type { SupervisedService } from '../apps/cli/src/stack/supervised-service.js';
import { isAlive, readiness } from './support/ask.js';
import { itNeeding } from './support/it-needing.js';
import { OwnProcess } from './support/own-process.js';
import { expectUndisturbed, PaymentsUnderFault } from './support/payments-under-fault.js';
import { firstFreeFile, limit, memoryOf, whyNoLimits } from './support/process-limits.js';
import { undoNewerMigrations } from './support/undo-newer-migrations.js';
import { eventually, TestStack } from './support/test-stack.js';

jest.setTimeout(240_000);

let system: TestStack;
let payments: PaymentsUnderFault;

beforeAll(async () => {
  system = await TestStack.start();
  payments = new PaymentsUnderFault(system);
});
afterAll(() => system?.stop());
afterEach(() => system.stack.links.healAll());

const withLimits = itNeeding(await whyNoLimits());
const serviceNames = ['payments', 'relay', 'ledger'] as const;

describe('setup', () => {
  it('H1: brings a database of the first release to this one under load, and no request is refused or lost in a wait', async () => {
    const undone = await undoNewerMigrations(system);
    const rounds = await payments.whilePaying(
      async () => void (await setUpSystem({ env: withInherited(system.stack.env), say: () => {} })),
    );
    expectUndisturbed(rounds);
    await payments.expectAgreement();
    for (const service of Object.values(system.stack.services))
      await eventually(() => service.isReady(), `${service.name} is ready`);
    expect(await undoNewerMigrations(system)).toEqual(undone); // they had been run again
    await setUpSystem({ env: withInherited(system.stack.env), say: () => {} });
  });

  it('says whom the ledger must trust, and what it means for the money, where that is not the relay’s user', async () => {
    const setup = (trusts: string) =>
      runCli('setup', { ...withInherited(system.stack.env), PAID_ONCE_LEDGER_TRUSTS: trusts });
    const { exitCode, stdout, stderr } = await setup('somebody');
    expect(exitCode).toBe(0);
    expect(`${stdout}${stderr}`).toContain('start the ledger with PAID_ONCE_LEDGER_TRUSTS=relay');
    expect(`${stdout}${stderr}`).toContain('money: otherwise every payment is parked');
    const right = await setup('payments,relay');
    expect(`${right.stdout}${right.stderr}`).not.toContain('PAID_ONCE_LEDGER_TRUSTS');
  });

  it('tells who runs it that it has rebased a restored outbox, what that means for the money, and that nothing is to do', async () => {
    await payments.pay(10);
    await payments.expectAgreement();
    const posted = await system.transfersPosted();
    const [{ rows } = { rows: -1 }] = await system.sql<{ rows: number }>(
      'payments',
      'SELECT count(*)::int AS rows FROM outbox_message',
    );
    await system.sql('payments', "UPDATE outbox_settings SET system_identifier = '1'"); // as in a restored dump
    const { exitCode, stdout, stderr } = await runCli('setup --json', withInherited(system.stack.env));
    expect([exitCode, JSON.parse(stdout)]).toMatchObject([
      0,
      { rebased: { rows, shards: 4, systemIdentifier: expect.any(String) } },
    ]);
    expect(stderr).toContain(`so it was rebased: ${rows.toLocaleString('en')} messages`);
    expect(stderr).toContain('money: nothing is lost and nothing is paid twice');
    expect(stderr).toContain('next: nothing');
    await payments.expectAgreement();
    expect(await system.transfersPosted()).toBe(posted);
  });
});

describe('a service whose log lines go nowhere', () => {
  it.each([
    ['H5: onto a disk that is full, lives and does its work', 'full-disk'],
    ['H5: to a reader that has gone away, lives and does its work', 'closed-pipe'],
  ] as const)('%s', async (_, output) => {
    const others = await Promise.all(
      serviceNames.map((service) => OwnProcess.start(system, service, { output })),
    );
    const [api] = others;
    try {
      for (const { url } of others)
        await eventually(async () => (await readiness(url)).status === 200, `${url} is ready`, 60_000);
      for (const link of ['relay-postgres', 'relay-rabbitmq', 'ledger-rabbitmq'])
        await system.stack.links.break(link);
      for (const { url } of others.slice(1))
        await eventually(async () => (await readiness(url)).status === 503, `${url} has something to tell`);
      await payments.pay(20, { url: api!.url });
      await system.stack.links.healAll();
      await payments.expectAgreement();
      for (const other of others) expect([other.hasEnded, await isAlive(other.url)]).toEqual([false, true]);
    } finally {
      await Promise.all(others.map((other) => other.stop()));
    }
  });
});

describe('a process that may open no more files', () => {
  withLimits('H6: payments serves those it can, the others later, and everybody once', async () => {
    const pid = system.stack.services.payments.pid!;
    await limit(pid, 'nofile', (await firstFreeFile(pid)) + 5);
    try {
      const crowd = { concurrency: 60, keepAlive: false, url: system.stack.urls.payments };
      const { attempts } = await payments.pay(200, crowd);
      expect(attempts).toBeGreaterThan(200); // some found no room
    } finally {
      await limit(pid, 'nofile', 1_024);
    }
    expect(system.stack.services.payments.pid).toBe(pid);
    await payments.expectAgreement();
  });

  withLimits(
    'H6: relay and ledger live, say what they lack, and go on when there is room again',
    async () => {
      const { relay, ledger } = system.stack.services;
      const pids = [relay.pid!, ledger.pid!];
      for (const link of ['relay-rabbitmq', 'relay-postgres', 'ledger-rabbitmq', 'ledger-postgres'])
        await system.stack.links.break(link);
      for (const { url } of [relay, ledger])
        await eventually(async () => (await readiness(url)).status === 503, `${url} has lost what it needs`);
      for (const pid of pids) await limit(pid, 'nofile', await firstFreeFile(pid));
      try {
        await system.stack.links.healAll();
        await payments.pay(20);
        await eventually(
          () => system.logged.some((line) => /^(relay|ledger) .*EMFILE/.test(line)),
          'one says what it lacks',
        );
        for (const { url } of [relay, ledger]) expect((await readiness(url)).status).not.toBe(200);
      } finally {
        for (const pid of pids) await limit(pid, 'nofile', 1_024);
      }
      await payments.expectAgreement();
      expect([relay.pid, ledger.pid]).toEqual(pids);
    },
  );
});

describe('a process that gets no more memory', () => {
  withLimits('H6: dies, sheds or hangs, is started again, and the data are right', async () => {
    const died: string[] = [];
    for (const name of serviceNames) {
      const service = system.stack.services[name];
      await service.restart(); // young, it soon wants more than it has
      const pid = service.pid!;
      await limit(pid, 'as', (await memoryOf(pid)).mapped);
      const until = performance.now() + 15_000;
      await payments.whilePaying(
        async () => {
          while (service.pid === pid && performance.now() < until) await pause(50);
          if (service.pid === pid) await relieve(service, pid);
        },
        { concurrency: 16 },
      );
      if (service.pid !== pid) died.push(name);
      await eventually(() => service.isReady(), `${name} is ready`, 60_000);
    }
    expect(died.length).toBeGreaterThan(0); // else there was enough for all of them
    await payments.expectAgreement();
  });
});

/** V8 may say that it is out of memory, and hang all the same: whoever asks for liveness kills it then. */
async function relieve(service: SupervisedService, pid: number): Promise<void> {
  await limit(pid, 'as', 'unlimited').catch(() => {}); // it may have ended just now
  if (service.pid === pid && !(await isAlive(service.url))) await service.kill('SIGKILL');
}
