import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { run } from '../apps/cli/src/test/run.js';
import { OwnProcess } from './support/own-process.js';
import { PastTheServices } from './support/past-the-services.js';
import { isOutboxDrained } from './support/relay-status.js';
import { agreement, eventually, TestStack } from './support/test-stack.js';

jest.setTimeout(90_000);

let system: TestStack;
let behind: PastTheServices;

beforeAll(async () => {
  system = await TestStack.start();
  behind = new PastTheServices(system.stack);
});
afterAll(() => system.stop());
beforeEach(async () => {
  await system.stack.links.healAll();
  expect((await paidOnce('reset --yes')).exitCode).toBe(0);
});

const paidOnce = (args: string) => run(args, { ...system.stack.env });

interface Listed {
  count: number;
  groups: { side: string; reason: string; count: number; totals: object }[];
}
const dead = async () => JSON.parse((await paidOnce('dead list --json')).stdout) as Listed;
const agree = async (payments: number) =>
  expect(await system.compareUntilAgreed()).toMatchObject(agreement(payments));

/** The oldest message can never be published; its payload is kept aside. @returns its payment */
async function makeDeadLetter(): Promise<string> {
  await system.stack.links.break('relay-rabbitmq');
  await system.pay(3);
  await behind.sql('payments', 'CREATE TABLE IF NOT EXISTS kept AS SELECT id, payload FROM outbox_message');
  const [row] = await behind.sql(
    'payments',
    `UPDATE outbox_message SET payload = 'not JSON' WHERE id = (SELECT min(id) FROM outbox_message) RETURNING key`,
  );
  await system.stack.links.healAll();
  await eventually(async () => (await dead()).count === 1, 'one is a dead letter');
  await eventually(async () => (await system.compare()).ledger.count === 2, 'the others are posted');
  return row?.['key'] ?? '';
}

/** The ledger takes two payments for ones from before a reset. */
async function makeParked(): Promise<void> {
  const [settings] = await behind.sql('ledger', 'SELECT run_id FROM inbox_settings');
  await behind.sql('ledger', 'UPDATE inbox_settings SET run_id = gen_random_uuid()');
  await system.pay(2);
  await eventually(
    async () => (await dead()).groups.some(({ reason, count }) => reason === 'other-run' && count === 2),
    'two are parked',
  );
  await behind.sql('ledger', 'UPDATE inbox_settings SET run_id = $1', [settings?.['run_id']]);
}

/** A ledger that does not know the relay's user parks all that it is sent; after it, the system's own one is back. */
async function parkAsForged(payments: number): Promise<void> {
  await system.stack.services.ledger.stop();
  const misled = await OwnProcess.start(system, 'ledger', { env: { PAID_ONCE_LEDGER_TRUSTS: 'somebody' } });
  try {
    const toMisled = (args: string) => run(args, { ...system.stack.env, PAID_ONCE_LEDGER_URL: misled.url });
    await system.pay(payments);
    const count = async () =>
      (JSON.parse((await toMisled('dead list --json')).stdout || '{}') as Partial<Listed>).count;
    await eventually(async () => (await count()) === payments, 'all are parked');
    const tooEarly = await toMisled('dead redrive forged --why x');
    expect([tooEarly.exitCode, tooEarly.stdout]).toEqual([
      1,
      expect.stringContaining(`${payments} messages not tried: forged, and the ledger trusts none`),
    ]);
  } finally {
    await misled.stop();
    await system.stack.services.ledger.restart();
  }
}

describe('the command line', () => {
  it('what got stuck on both sides is listed, shown and redriven by the command line, and both ledgers agree', async () => {
    const payment = await makeDeadLetter();
    await makeParked();
    expect((await dead()).groups).toMatchObject([
      { side: 'outbox', reason: 'invalid', count: 1, totals: { EUR: '1.00' } },
      { side: 'ledger', reason: 'other-run', count: 2, totals: { EUR: '2.00' } },
    ]);
    const status = await paidOnce('status');
    expect(status.stdout).toMatch(/✗ 1 message \(.*\) dead in the outbox, the oldest for \d/);
    expect(status.stdout).toMatch(
      /✗ 2 messages \(EUR 2\.00\) parked at the ledger, the oldest for \d.*: other-run/,
    );
    expect((await paidOnce(`dead show ${payment}`)).stdout).toContain('the payload is not JSON');
    expect((await paidOnce(`show ${payment}`)).stdout).toContain('now       a dead letter in the outbox');

    const wrong = await paidOnce('dead drop --all --count 4 --why x');
    expect(wrong.exitCode).toBe(1);
    expect(wrong.stderr).toContain('You said 4 messages; there are 3: 1 in the outbox, 2 at the ledger.');
    expect((await dead()).count).toBe(3);

    const tooEarly = await paidOnce(`dead redrive ${payment} --why x`);
    expect(tooEarly.exitCode).toBe(1);
    expect(tooEarly.stdout).toContain('1 message stuck again');

    await behind.sql(
      'payments',
      'UPDATE outbox_message o SET payload = k.payload FROM kept k WHERE k.id = o.id',
    );
    const redriven = await paidOnce('dead redrive --all --why repaired --by ann');
    expect(`${redriven.stdout}${redriven.stderr}`).toContain('✓ Nothing of it is stuck any more.');
    expect(redriven.exitCode).toBe(0);
    await agree(5);
    const life = await paidOnce(`show ${payment}`);
    expect(life.stdout).toContain('asked for by ann: repaired');
    expect(life.stdout).toContain('now       posted: nothing is left to do');
  });

  it('what is dropped stays on record, and the ledger stays without it', async () => {
    await makeDeadLetter();
    expect((await paidOnce('dead drop --all --count 1 --why obsolete --by ann')).exitCode).toBe(0);
    expect((await dead()).count).toBe(0);
    expect((await paidOnce('dead list --dropped')).stdout).toContain('were given up, on purpose');
    expect(await system.compare()).toMatchObject({
      agree: false,
      breaks: { deadLettered: { count: 1, dropped: { count: 1, totals: { EUR: '1.00' } } } },
    });
    const repaired = await paidOnce('compare --repair --timeout 5');
    expect(repaired.exitCode).toBe(1);
    expect(repaired.stdout).toContain(
      '1 event (EUR 1.00) was given up on purpose: a repair does not undo that.',
    );
    expect((await system.compare()).ledger.count).toBe(2);
  });

  it('what a ledger that trusts the wrong user has parked as forged is posted by one redrive, or by a repair, once that is put right', async () => {
    await parkAsForged(3);
    const redriven = await paidOnce('dead redrive forged --why named');
    expect([redriven.exitCode, redriven.stdout]).toEqual([0, expect.stringContaining('3 messages posted')]);
    await agree(3);

    await parkAsForged(2);
    expect((await paidOnce('compare --repair --why named')).exitCode).toBe(0);
    await agree(5);
    expect((await dead()).count).toBe(0);
  });

  it('what RabbitMQ loses is found and published again by replay --missing, and nothing else', async () => {
    await system.stack.links.break('ledger-rabbitmq');
    await system.pay(2);
    await eventually(() => isOutboxDrained(system), 'all are published');
    await behind.emptyQueues();
    await system.stack.links.healAll();
    await system.pay(3);
    const replayed = await paidOnce('replay --missing --why wiped --by ann');
    expect(`${replayed.stdout}${replayed.stderr}`).toContain('✓ 2 messages published again, by ann: wiped');
    await agree(5);
  });

  it('what is replayed from history changes nothing where nothing was missing', async () => {
    await system.pay(5);
    await agree(5);
    const { exitCode, stdout } = await paidOnce('replay --since 1h --why sure');
    expect([exitCode, stdout.includes('✓ 5 messages published again')]).toEqual([0, true]);
    await agree(5);
    expect((await paidOnce('replay --missing --why sure')).stdout).toContain('✓ Nothing is missing');
  });
});
