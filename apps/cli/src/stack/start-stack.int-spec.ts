import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { payFile } from '@paid-once/payer';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compareUntilAgreed } from '../compare-until-agreed.js';
import { startStack, type Stack } from './start-stack.js';

const rows = 300;
let stack: Stack;
let folder: string;

beforeAll(async () => {
  stack = await startStack({ instances: { payments: 2, relay: 2, ledger: 2 } });
  folder = await mkdtemp(join(tmpdir(), 'paid-once-stack-'));
  await writeFile(join(folder, 'rent.csv'), `src,dest,amount\n${'bianca,marc,1\n'.repeat(rows)}`);
}, 120_000);

afterAll(async () => {
  await stack.stop();
  await rm(folder, { recursive: true, force: true });
}, 30_000);

describe('a system with two of each service', () => {
  it('posts each payment once while one relay and one ledger are killed and another link is cut', async () => {
    const paying = payFile({ file: join(folder, 'rent.csv'), url: stack.urls.link, concurrency: 4 });
    await stack.links.break('ledger-postgres');
    await Promise.all([stack.services.relay.kill('SIGKILL'), stack.services.ledger.kill('SIGKILL')]);
    const { summary } = await paying;
    expect(summary).toMatchObject({ accepted: rows, failed: 0 });
    await stack.links.healAll();

    const comparison = await compareUntilAgreed({ ...stack.urls, ledger: secondLedger(), timeoutMs: 60_000 });
    expect(comparison).toMatchObject({
      agree: true,
      payments: { count: rows, totals: { EUR: '300.00' } },
      ledger: { count: rows, totals: { EUR: '300.00' } },
    });
  }, 120_000);

  it('starts a service again on the same port, and says when it is down', async () => {
    const { ledger } = stack.services;
    expect(ledger.pid).toBeUndefined();
    await ledger.restart();
    expect(ledger.pid).toEqual(expect.any(Number));
    expect(await ledger.isReady()).toBe(true);
  }, 60_000);
});

function secondLedger(): string {
  const [, second] = stack.instances.ledger;
  if (second === undefined) throw new Error('Bug: two ledgers were asked for');
  return second.url;
}
