import { execFile } from 'node:child_process';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { throwAwayDirectory, type ThrowAwayDirectory } from '@paid-once/infrastructure';
import { relayStatus, untilVerified } from './support/relay-status.js';
import { agreement, eventually, TestStack } from './support/test-stack.js';

jest.setTimeout(180_000);

const run = promisify(execFile);
let system: TestStack;
let servers: ThrowAwayDirectory;
let data: string;

beforeAll(async () => {
  data = (servers = await throwAwayDirectory('e2e')).path;
  system = await TestStack.startWithServers({
    directory: data,
    durable: false,
    env: { relay: { PAID_ONCE_REPAIR_EVERY_SECONDS: '1' } },
  });
});
afterAll(async () => {
  await system.stop();
  await servers.remove();
});

it('G13: a ledger restored from an old copy misses what was verified since: compare names it, the repair does not look back, and a replay of these payments heals it', async () => {
  const cluster = join(data, 'ledger-db/data');
  await system.pay(100);
  expect(await system.compareUntilAgreed()).toMatchObject(agreement(100));
  await whileDown(async () => void (await run('cp', ['-a', cluster, `${cluster}.copy`]))); // -a: the owner, too

  await system.pay(150);
  expect(await system.compareUntilAgreed()).toMatchObject(agreement(250));
  await untilVerified(system);
  await whileDown(async () => {
    await rename(cluster, `${cluster}.lost`);
    await rename(`${cluster}.copy`, cluster);
  });

  await system.pay(50); // new ones arrive, and are verified as ever
  await eventually(async () => (await system.transfersPosted()) === 150, 'the new ones are posted');
  await untilVerified(system);
  const comparison = await system.compare();
  expect(comparison).toMatchObject({ agree: false, payments: { count: 300 }, ledger: { count: 150 } });
  expect((await relayStatus(system))?.repair.missingFound).toBe(0);

  const answer = await fetch(`${system.stack.urls.payments}/outbox/replays`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ by: 'a test', why: 'the ledger was restored', payments: await missingPayments() }),
  });
  expect(answer.status).toBe(202);
  expect(await answer.json()).toMatchObject({ messages: 150, notInHistory: [] });
  expect(await system.compareUntilAgreed(60_000)).toMatchObject(agreement(300));
});

/** The ledger and its database are down meanwhile; both are there again afterwards. */
async function whileDown(work: () => Promise<void>): Promise<void> {
  const database = system.stack.servers?.ledgerDb;
  await system.stack.services.ledger.stop();
  await database?.stop();
  await work();
  await database?.restart();
  await system.stack.services.ledger.restart();
}

/** As an operator would take them from a comparison: what payments has and the ledger does not. */
async function missingPayments(): Promise<string[]> {
  const [paid, posted] = await Promise.all(
    ['payments', 'ledger'].map((side) => idsAt(side as 'payments' | 'ledger')),
  );
  return [...paid!].filter((id) => !posted!.has(id));
}

async function idsAt(side: 'payments' | 'ledger'): Promise<Set<string>> {
  const response = await fetch(`${system.stack.urls[side]}/export`);
  const lines = (await response.text()).split('\n').filter((line) => line.trim() !== '');
  return new Set(lines.map((line) => (JSON.parse(line) as { paymentId: string }).paymentId));
}
