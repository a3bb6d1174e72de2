import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { run } from '../apps/cli/src/test/run.js';
import { TestStack } from './support/test-stack.js';

jest.setTimeout(120_000);

let system: TestStack;
let admin: { key: string; id: string };

const paidOnce = (command: string, key?: string) =>
  run(command, { ...system.stack.env, ...(key !== undefined && { PAID_ONCE_API_KEY: key }) });
const issued = async (flags: string) =>
  JSON.parse((await paidOnce(`keys issue ${flags} --json`)).stdout) as { key: string; id: string };

beforeAll(async () => {
  system = await TestStack.start({ lab: false, env: { relay: { PAID_ONCE_REPAIR_EVERY_SECONDS: '1' } } });
  admin = await issued('--client ann --scopes operate');
});
afterAll(() => system?.stop());

it('S1: outside lab mode nobody pays, compares or reads without a key, and the commands say what they were answered', async () => {
  for (const command of ['compare', 'dead list', 'ledger verify']) {
    const { exitCode, stdout, stderr } = await paidOnce(command);
    expect([command, exitCode === 0]).toEqual([command, false]);
    expect(stdout + stderr).toContain('401');
  }
  expect(await system.sql('payments', 'SELECT FROM payment_event')).toEqual([]);
});

it('S1: a client pays and reads its own, an operator compares, and the relay’s own key lets it verify what has arrived', async () => {
  const shop = await issued('--client shop');
  const paid = await system.pay(50, { apiKey: shop.key });
  expect(paid.summary).toMatchObject({ accepted: 50, refused: 0 });
  expect((await paidOnce('compare', shop.key)).exitCode).not.toBe(0);
  const agreed = await paidOnce('compare --wait --json', admin.key);
  expect(JSON.parse(agreed.stdout)).toMatchObject({ agree: true, payments: { count: 50 } });
  const status = await paidOnce('status --json', admin.key);
  expect(status.exitCode).toBe(0);
  const verified = await paidOnce('ledger verify --json', admin.key);
  expect(JSON.parse(verified.stdout)).toMatchObject({ whole: true, transfers: 50 });
  let marked: unknown[] = [];
  while (marked.length === 0)
    marked = await system.sql('payments', 'SELECT FROM outbox_marker WHERE verified_at IS NOT NULL');
});

it('keys are listed without their secrets, and open nothing once they are revoked', async () => {
  const gone = await issued('--client gone --scopes operate');
  expect((await paidOnce('dead list', gone.key)).exitCode).toBe(0);
  expect((await paidOnce(`keys revoke ${gone.id}`)).exitCode).toBe(0);
  const listed = await paidOnce('keys list');
  expect(listed.stdout).toMatch(new RegExp(`${gone.id}  gone  operate  payments\\+ledger  revoked`));
  expect(listed.stdout).not.toContain(gone.key.split('_')[2]);
  while ((await paidOnce('dead list', gone.key)).exitCode === 0);
  expect((await paidOnce('keys revoke 0123456789abcdef')).exitCode).toBe(1);
});

it.each([
  ['keys issue', 'required option'],
  ['keys issue --client a/b', 'letters, digits'],
  ['keys issue --client a --scopes all', 'They are pay, read, operate'],
  ['keys revoke x', '16 characters'],
])('%s is a usage error', async (command, why) => {
  const { exitCode, stderr } = await paidOnce(command);
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining(why)]);
});

it('S6: no secret of this run stands in any log line', () => {
  const secrets = Object.entries(system.stack.env).flatMap(([name, value]) => {
    if (name.endsWith('_KEY')) return [value];
    const { password } = URL.parse(value) ?? { password: '' };
    return password.length > 8 ? [password] : [];
  });
  expect(secrets.length).toBeGreaterThan(5);
  const logged = system.logged.join('\n');
  for (const secret of [...secrets, admin.key]) expect(logged).not.toContain(secret);
});
