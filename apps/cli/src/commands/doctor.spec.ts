import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { newApiKey } from '@paid-once/contracts';
import { freePorts } from '@paid-once/infrastructure';
import type { Finding } from '../doctor/finding.js';
import { diskFinding, ofMemory, ofNode } from '../doctor/machine.js';
import { run } from '../test/run.js';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

let shown: (string | undefined)[] = [];
/** Answers all paths alike, and keeps which keys it was shown. */
async function answering(status: number, body: object, date = new Date()): Promise<string> {
  const server = createServer(({ headers }, response) => {
    shown.push(headers.authorization);
    response.writeHead(status, { 'content-type': 'application/json', date: date.toUTCString() });
    response.end(JSON.stringify(body));
  });
  server.listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const names = ['PAYMENTS', 'LEDGER', 'RELAY', 'LINK', 'TOXIPROXY', 'CONSOLE'];
async function freeOnes(): Promise<Record<string, string>> {
  const ports = await freePorts(names.length);
  return Object.fromEntries(names.map((name, index) => [`PAID_ONCE_${name}_PORT`, String(ports[index])]));
}

async function findings(env: Record<string, string>): Promise<{ exitCode: number; findings: Finding[] }> {
  const { exitCode, stdout } = await run('doctor --json', env);
  return { exitCode, ...(JSON.parse(stdout) as { findings: Finding[] }) };
}

describe('doctor', () => {
  it('finds nothing to say where all is well, and looks for no system where none runs', async () => {
    const found = await findings(await freeOnes());
    expect(found.findings.filter(({ state }) => state === 'bad')).toEqual([]);
    expect(found.exitCode).toBe(0);
    const looked = found.findings.map(({ what }) => what);
    expect(looked).toEqual(expect.arrayContaining(['node', 'disk', 'memory', 'postgres', 'rabbitmq']));
    expect(looked.filter((what) => what.startsWith('port '))).toHaveLength(names.length);
    expect(looked).not.toContain('payments');
  });

  it('names who has a port, and what moves ours', async () => {
    const other = new URL(await answering(404, {})).port;
    const { exitCode, findings: found } = await findings({
      ...(await freeOnes()),
      PAID_ONCE_RELAY_PORT: other,
    });
    expect(exitCode).toBe(3);
    expect(found.find(({ what }) => what === `port ${other}`)).toEqual({
      what: `port ${other}`,
      state: 'bad',
      says: expect.stringContaining(`(process ${process.pid})`),
      next: 'Stop that, or set PAID_ONCE_RELAY_PORT.',
    });
  });

  it('names what a running system lacks, who does not answer, and a clock that is wrong', async () => {
    const late = new Date(Date.now() - 60_000);
    const { exitCode, findings: found } = await findings({
      ...(await freeOnes()),
      PAID_ONCE_PAYMENTS_URL: await answering(200, { status: 'ok' }),
      PAID_ONCE_LEDGER_URL: await answering(
        503,
        { error: { broker: { message: 'connect ECONNREFUSED' } } },
        late,
      ),
    });
    expect(exitCode).toBe(3);
    const about = (name: string) => found.find(({ what }) => what === name);
    expect(about('payments')).toMatchObject({ state: 'ok' });
    expect(about('ledger')).toMatchObject({ state: 'bad', says: 'not ready: broker: connect ECONNREFUSED' });
    expect(about('relay')).toMatchObject({ state: 'bad', says: expect.stringContaining('nobody answers') });
    expect(about('clock of ledger')).toMatchObject({
      state: 'warn',
      says: expect.stringMatching(/^is (59|60|61) s behind/),
    });
    expect(about('clock of payments')).toBeUndefined();
  });

  it('shows its API key, without which a process outside lab mode does not say what it lacks', async () => {
    shown = [];
    const key = newApiKey();
    const payments = await answering(200, { status: 'ok' });
    const env = { ...(await freeOnes()), PAID_ONCE_PAYMENTS_URL: payments, PAID_ONCE_API_KEY: key };
    await findings(env);
    expect(shown).toContain(`Bearer ${key}`);
  });

  it('says of each finding what helps, to people too', async () => {
    const other = new URL(await answering(404, {})).port;
    const { stdout } = await run('doctor', { ...(await freeOnes()), PAID_ONCE_CONSOLE_PORT: other });
    expect(stdout).toContain(`✗ port ${other}`);
    expect(stdout).toContain('Stop that, or set PAID_ONCE_CONSOLE_PORT.');
  });

  it.each([
    ['v18.20.0', 'bad'],
    ['v20.18.3', 'bad'],
    ['v20.19.0', 'ok'],
    ['v24.21.0', 'ok'],
  ])('takes Node %s for %s', (version, state) => {
    expect(ofNode(version)).toMatchObject({ state });
  });

  it.each([
    [0.1, 'bad'],
    [1, 'warn'],
    [50, 'ok'],
  ])('takes %d free gigabytes on disk for %s', (gigabytes, state) => {
    expect(diskFinding(gigabytes * 1e9, '/somewhere')).toMatchObject({ state });
  });

  it('warns of little memory', () => {
    expect([ofMemory(5e8, 8e9).state, ofMemory(4e9, 8e9).state]).toEqual(['warn', 'ok']);
  });
});
