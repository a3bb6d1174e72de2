import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { run as runCli } from '../apps/cli/src/test/run.js';
import { eventually, TestStack } from './support/test-stack.js';

jest.setTimeout(120_000);

const rows = 600;
const rowBytes = 4 * 2 ** 20;
/** Far less than all of these rows in one slice. */
const heap = { NODE_OPTIONS: '--max-old-space-size=96' };

let system: TestStack;

beforeAll(async () => {
  system = await TestStack.start({ env: { relay: heap, payments: heap } });
});
afterAll(() => system?.stop());

const paidOnce = (command: string) => runCli(command, { ...system.stack.env });
const processes = () => [system.stack.services.relay.pid, system.stack.services.payments.pid];

it('C8 H6: hundreds of huge rows, written past payments, become dead letters, and no process dies of them', async () => {
  const before = processes();
  await system.pay(5);
  await system.sql(
    'payments',
    `INSERT INTO outbox_message (shard, run_id, type, key, headers, payload)
     SELECT outbox_shard(key), run_id, 'payment.accepted', key, '{}', repeat('x', $2)
       FROM outbox_settings, generate_series(1, $1) AS number, LATERAL (SELECT 'huge ' || number AS key) AS of`,
    [rows, rowBytes],
  );
  await system.pay(5);
  await eventually(async () => (await deadLetters()).length === rows, 'all of them are dead letters', 60_000);
  const [first] = await deadLetters();
  expect(first).toEqual({ reason: 'too-big', detail: 'more than 64 kB of headers and payload' });
  await eventually(async () => (await system.transfersPosted()) === 10, 'the payments among them are posted');

  expect(JSON.parse((await paidOnce('dead list --json')).stdout)).toMatchObject({ count: rows });
  expect(JSON.parse((await paidOnce('dead show too-big --json')).stdout)).toMatchObject({ more: true });
  await paidOnce('dead redrive --all --why again');
  const asked = await system.sql<{ tried: boolean }>(
    'payments',
    `SELECT finished_at IS NOT NULL AND failure IS NOT NULL AS tried FROM outbox_intervention WHERE kind = 'redrive'`,
  );
  expect([...new Set(asked.map(({ tried }) => tried))]).toEqual([true]);
  expect(await deadLetters()).toHaveLength(rows);
  expect(processes()).toEqual(before);
});

function deadLetters(): Promise<{ reason: string; detail: string }[]> {
  return system.sql('payments', 'SELECT reason, detail FROM outbox_dead_letter ORDER BY id');
}
