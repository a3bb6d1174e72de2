import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { compare, Side } from '@paid-once/compare';
import { payFile, type PaySummary } from '@paid-once/payer';
import { pause } from '@paid-once/service/basics';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compareUntilAgreed } from '../compare-until-agreed.js';
import { LaunchedSystem } from '../test/launched-system.js';
import { controlSocket } from './control-socket.js';

jest.setTimeout(60_000);

let system: LaunchedSystem;
let folder: string;
/** How many payments have been answered 2xx so far. */
let paid = 0;
let paying = new AbortController();

beforeAll(async () => {
  [system, folder] = await Promise.all([
    LaunchedSystem.start(),
    mkdtemp(join(tmpdir(), 'paid-once-processes-')),
  ]);
});

afterEach(() => {
  paying.abort(); // also after a failure
});

afterAll(async () => {
  await system?.remove();
  await rm(folder, { recursive: true, force: true });
});

/** Pays EUR 1 so many times; clients repeat until they are answered. */
async function pay(rows: number): Promise<PaySummary> {
  const file = join(folder, `${rows}.csv`);
  await writeFile(file, `src,dest,amount\n${'bianca,marc,1\n'.repeat(rows)}`);
  const { summary } = await payFile({
    file,
    url: system.urls.link,
    attemptTimeoutMs: 5_000,
    retry: { limitMs: 40_000, firstDelayMs: 20, maxDelayMs: 300 },
  });
  paid += summary.accepted + summary.replayed;
  return summary;
}

/** Pays on until it is told to stop. @returns stops, and checks that each payment was answered 2xx */
function payOn(): () => Promise<void> {
  paying = new AbortController();
  const { signal } = paying;
  const rounds = (async () => {
    let failed = 0;
    while (!signal.aborted) failed += (await pay(20)).failed;
    return failed;
  })();
  return async () => {
    paying.abort();
    expect(await rounds).toBe(0);
  };
}

async function expectAgreement(): Promise<void> {
  const balance = { count: paid, totals: { EUR: `${paid}.00` } };
  const comparison = await compareUntilAgreed({ ...system.urls, timeoutMs: 30_000 });
  expect(comparison).toMatchObject({ agree: true, payments: balance, ledger: balance });
}

async function post(key: string): Promise<{ status: number; retryAfter: string | null }> {
  const response = await fetch(`${system.urls.payments}/payments`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
    body: JSON.stringify({ src: 'bianca', dest: 'marc', amount: '1' }),
    signal: AbortSignal.timeout(10_000),
  });
  return { status: response.status, retryAfter: response.headers.get('retry-after') };
}

async function eventually(condition: () => Promise<boolean>, what: string, limitMs = 20_000): Promise<void> {
  const until = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > until) throw new Error(`not within ${limitMs / 1_000} s: ${what}`);
    await pause(50);
  }
}

const accepted = async () => (await new Side('payments', system.urls.payments).stats()).count;
const names = ['payments', 'relay', 'ledger', 'payments-db', 'rabbitmq', 'ledger-db', 'console'];

describe('the processes of npm start', () => {
  it('obey its own user on this machine alone: a socket with mode 0600 in a directory with 0700', async () => {
    const [socket, directory] = await Promise.all([
      stat(controlSocket(system.directory)),
      stat(system.directory),
    ]);
    expect(socket.isSocket()).toBe(true);
    expect([socket.mode & 0o777, directory.mode & 0o777]).toEqual([0o600, 0o700]);
    const processes = await system.processes();
    expect(Object.keys(processes)).toEqual(names);
    for (const name of names)
      expect(processes[name]).toMatchObject({ pid: expect.any(Number), state: 'running' });
    expect(await system.run('kill', 'ledger-2')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining(names.join(', ')),
    });
  });

  it('console: it is there before what it shows, its address is the last line, and killed it comes back', async () => {
    const { said, urls } = system;
    expect(said.indexOf('console   │ listening')).toBeGreaterThan(0);
    expect(said.indexOf('console   │ listening')).toBeLessThan(said.indexOf('are there'));
    const launchers = said.split('\n').filter((line) => line !== '' && !line.includes(' │ '));
    expect(launchers.at(-1)).toBe(`Ready → ${urls.console.replace('127.0.0.1', 'localhost')}`);
    expect(await (await fetch(urls.console)).text()).toContain('<title>paid once');
    const { exitCode, stdout } = await system.run('kill', 'console');
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining('payments flow as before')]);
    await eventually(
      async () => (await fetch(urls.console).catch(() => undefined))?.ok === true,
      'it is back',
    );
  });

  it('ledger: killed in the middle of payments another one takes over, and both ledgers agree', async () => {
    const before = (await system.processes())['ledger']?.pid;
    const endPaying = payOn();
    const { exitCode, stdout } = await system.run('kill', 'ledger');
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining('RabbitMQ keeps what')]);
    await endPaying();
    await expectAgreement();
    const after = (await system.processes())['ledger'];
    expect(after).toMatchObject({ state: 'running', pid: expect.any(Number) });
    expect(after?.pid).not.toBe(before);
  });

  it('C7: relay stopped, the outbox grows; killed while it is stopped, another one takes over, and both agree', async () => {
    expect((await system.run('stop', 'relay')).exitCode).toBe(0);
    const frozen = (await system.processes())['relay'];
    expect(frozen?.state).toBe('stopped');
    expect(await pay(30)).toMatchObject({ accepted: 30 });
    expect(await compare(system.urls)).toMatchObject({ agree: false, breaks: { inOutbox: { count: 30 } } });
    expect((await system.run('kill', 'relay')).exitCode).toBe(0);
    await expectAgreement();
    expect((await system.processes())['relay']?.pid).not.toBe(frozen?.pid);
  });

  it('C7: relay stopped, the outbox grows; with cont it drains, and both ledgers agree', async () => {
    await system.run('stop', 'relay');
    const frozen = (await system.processes())['relay'];
    await pay(30);
    expect(await compare(system.urls)).toMatchObject({ agree: false, breaks: { inOutbox: { count: 30 } } });
    expect((await system.run('cont', 'relay')).exitCode).toBe(0);
    await expectAgreement();
    expect((await system.processes())['relay']).toMatchObject({ state: 'running', pid: frozen?.pid });
  });

  it('payments-db: killed while payments flow, POST is answered 503; restarted, nothing is lost', async () => {
    const alreadyPaid = paid;
    const endPaying = payOn();
    await eventually(async () => (await accepted()) > alreadyPaid + 20, 'payments flow');
    const killed = await system.run('kill', 'payments-db', '--json');
    expect(JSON.parse(killed.stdout)).toMatchObject({ process: { state: 'dead', pid: null } });
    expect(await post('while-dead')).toEqual({ status: 503, retryAfter: '1' });
    const refused = await system.run('cont', 'payments-db');
    expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('only a restart') });
    expect((await system.run('restart', 'payments-db')).exitCode).toBe(0);
    await endPaying();
    await eventually(async () => (await post('while-dead')).status < 300, 'the same key is answered 2xx');
    paid++;
    await expectAgreement();
  });

  it('E1: rabbitmq, restarted under load, both ledgers agree; a second restart meanwhile is refused', async () => {
    const endPaying = payOn();
    const restart = system.run('restart', 'rabbitmq');
    await eventually(
      async () => (await system.processes())['rabbitmq']?.state === 'restarting',
      'the restart has begun',
    );
    expect(await system.run('restart', 'rabbitmq')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('busy'),
    });
    expect(await restart).toMatchObject({ exitCode: 0 });
    await endPaying();
    await expectAgreement();
  });

  it('H5: go on when nobody reads any more what their launcher prints, and so does the launcher', async () => {
    system.stopReading();
    expect((await system.run('kill', 'relay')).exitCode).toBe(0); // which it tells
    await pay(20);
    await expectAgreement();
    expect(system.isRunning).toBe(true);
    expect((await system.processes())['relay']?.state).toBe('running');
  });

  it('are all gone 10 s after Ctrl-C, also what was stopped, dead or being restarted', async () => {
    await Promise.all([
      system.run('stop', 'relay'),
      system.run('stop', 'ledger-db'),
      system.run('kill', 'payments-db'),
    ]);
    const restart = system.run('restart', 'rabbitmq');
    await eventually(
      async () => (await system.processes())['rabbitmq']?.state === 'restarting',
      'the restart has begun',
    );
    const { exitCode, ms } = await system.end('SIGINT');
    expect(exitCode).toBe(0);
    expect(ms).toBeLessThan(10_000);
    expect((await restart).exitCode).toBe(3);
    expect(await system.untilNothingRuns(0)).toEqual([]);
    expect(await system.run('processes')).toMatchObject({
      exitCode: 3,
      stderr: expect.stringContaining('Nothing was started from this checkout'),
    });
  });
});
