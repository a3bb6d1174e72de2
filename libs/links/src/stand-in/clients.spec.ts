import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Toxiproxy } from 'toxiproxy-node-client';
import { freePort, original, originalClient, standIn, type Subject } from './test/subjects.js';

jest.setTimeout(30_000); // each line of the command-line client is a process

const upstream = '127.0.0.1:9';

/** The calls of `toxiproxy-node-client`, which this project and its users drive their links with. */
function servesTheNodeClient(subject: Subject): void {
  let toxiproxy: Toxiproxy;
  let stop: () => Promise<void>;

  beforeAll(async () => {
    const running = await subject.start();
    toxiproxy = new Toxiproxy(running.url);
    stop = running.stop;
  });
  afterAll(() => stop());
  afterEach(async () => {
    for (const proxy of Object.values(await toxiproxy.getAll())) await proxy.remove();
  });
  const create = (name: string) => toxiproxy.createProxy({ name, listen: '127.0.0.1:0', upstream });

  it('creates, finds, updates and removes a proxy', async () => {
    const proxy = await create('p');
    expect(proxy.toJson()).toMatchObject({ name: 'p', upstream, enabled: true });
    const cut = await proxy.update({ enabled: false, listen: proxy.listen, upstream });
    expect(cut.enabled).toBe(false);
    expect((await toxiproxy.get('p')).enabled).toBe(false);
    expect(Object.keys(await toxiproxy.getAll())).toEqual(['p']);
    await proxy.remove();
    expect(await toxiproxy.getAll()).toEqual({});
    await expect(toxiproxy.get('p')).rejects.toThrow(/404/);
  });

  it('adds, finds, updates and removes a toxic', async () => {
    const proxy = await create('p');
    const toxic = await proxy.addToxic({
      name: 'late',
      type: 'latency',
      stream: 'downstream',
      toxicity: 0.5,
      attributes: { latency: 100, jitter: 10 },
    });
    expect(toxic.toJson()).toMatchObject({
      name: 'late',
      toxicity: 0.5,
      attributes: { latency: 100, jitter: 10 },
    });
    const changed = await toxic.update({
      ...toxic.toJson(),
      toxicity: 1,
      attributes: { latency: 1, jitter: 0 },
    });
    expect(changed.toJson()).toMatchObject({ toxicity: 1, attributes: { latency: 1, jitter: 0 } });
    expect((await proxy.getToxic('late')).toJson()).toEqual(changed.toJson());
    await expect(proxy.addToxic({ ...toxic.toJson() })).rejects.toThrow(/409/);
    await toxic.remove();
    await expect(proxy.getToxic('late')).rejects.toThrow(/404/);
  });

  it('populates and resets', async () => {
    const populated = await toxiproxy.populate([
      { name: 'p', listen: '127.0.0.1:0', upstream, enabled: false },
      { name: 'q', listen: '127.0.0.1:0', upstream, enabled: true },
    ]);
    expect(Object.values(populated).map(({ name, enabled }) => [name, enabled])).toEqual([
      ['p', false],
      ['q', true],
    ]);
    const proxy = await toxiproxy.get('q');
    const toxic = await proxy.addToxic({
      name: '',
      type: 'timeout',
      stream: 'upstream',
      toxicity: 1,
      attributes: { timeout: 0 },
    });
    await toxiproxy.reset();
    for (const proxy of Object.values(await toxiproxy.getAll())) expect(proxy.enabled).toBe(true);
    await expect(proxy.getToxic(toxic.name)).rejects.toThrow(/404/);
  });

  it('tells its version', async () =>
    expect(JSON.parse(await toxiproxy.getVersion())).toEqual({ version: expect.any(String) }));
}

const toxiproxy = original();

describe('toxiproxy-node-client', () => {
  describe('on the stand-in', () => servesTheNodeClient(standIn));
  if ('missing' in toxiproxy)
    describe.skip(`on Toxiproxy: ${toxiproxy.missing}`, () => it('works', () => {}));
  else describe('on Toxiproxy', () => servesTheNodeClient(toxiproxy));
});

const run = promisify(execFile);

/** What the original's command-line client prints and exits with, for all it can do, the refused too. */
async function transcript(client: string, subject: Subject, port: number): Promise<string[]> {
  const { url, stop } = await subject.start();
  const said: string[] = [];
  const toxiproxyCli = async (line: string) => {
    const ended = await run(client, ['--host', url, ...line.split(' ')]).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      (failure: { code: number; stdout: string; stderr: string }) => failure,
    );
    said.push(`$ ${line} → ${ended.code}\n${ended.stdout}${ended.stderr}`.replaceAll(url, 'URL'));
  };
  try {
    for (const line of [
      'list',
      `create --listen 127.0.0.1:${port} --upstream ${upstream} shop`,
      `create --listen 127.0.0.1:${port} --upstream ${upstream} shop`,
      'list',
      'inspect shop',
      'inspect nobody',
      'toxic add --type latency --toxicName late --attribute latency=100 --attribute jitter=5 shop',
      'toxic add -t latency -n late -a latency=1 shop',
      'toxic add -t reset_peer -n gone --upstream --toxicity 0.3 -a timeout=0 shop',
      'toxic add -t nonsense -n odd shop',
      'inspect shop',
      'list',
      'toxic update --toxicName late --toxicity 0.5 --attribute latency=7 shop',
      'toxic update -n nobody -a latency=7 shop',
      'inspect shop',
      'toxic remove --toxicName late shop',
      'toxic delete -n late shop',
      'inspect shop',
      'toggle shop',
      'list',
      'toggle shop',
      'toggle nobody',
      'delete shop',
      'delete shop',
      'list',
    ])
      await toxiproxyCli(line);
  } finally {
    await stop();
  }
  return said;
}

describe('the original’s command-line client', () => {
  const client = originalClient();
  if (typeof client !== 'string') {
    it.skip(`works on the stand-in: ${client.missing}`, () => {});
    return;
  }
  it('does on the stand-in all that it can do', async () => {
    const said = await transcript(client, standIn, await freePort());
    const exitCodes = said.map((text) => /→ (\d+)/.exec(text)?.[1]).join('');
    expect(exitCodes).toBe(said.map((text) => (isRefused(text) ? '1' : '0')).join(''));
    expect(said.filter(isRefused)).toHaveLength(8);
    expect(said.at(-1)).toBe('$ list → 0\n');
  });
  if ('missing' in toxiproxy) it.skip(`prints the same on both: ${toxiproxy.missing}`, () => {});
  else
    it('prints the same, byte for byte, on the stand-in and on Toxiproxy', async () => {
      const port = await freePort();
      expect(await transcript(client, standIn, port)).toEqual(await transcript(client, toxiproxy, port));
    });
});

const isRefused = (text: string): boolean => text.includes('Failed to');
