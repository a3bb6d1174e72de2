import { afterEach, describe, expect, it } from '@jest/globals';
import { networkInterfaces } from 'node:os';
import { Dice, type ConnectionDice } from './dice.js';
import { startStandIn, type StandIn, type StandInOptions } from './start-stand-in.js';
import { asProxy, callerOf, portOf, type Call } from './test/api-client.js';
import { connectTo, startUpstream, type Peer } from './test/peers.js';
import { freePort } from './test/subjects.js';

const running: { stop(): Promise<void> }[] = [];
const clients: Peer[] = [];
afterEach(async () => {
  for (const { socket } of clients.splice(0)) socket.destroy();
  for (const one of running.splice(0)) await one.stop();
});

async function start(options: Partial<StandInOptions> = {}) {
  const said: string[] = [];
  const standIn: StandIn = await startStandIn({ port: 0, say: (line) => said.push(line), ...options });
  running.push(standIn);
  return { ...standIn, said, call: callerOf(standIn.url) };
}
async function upstream() {
  const started = await startUpstream({ echo: true });
  running.push(started);
  return started;
}
async function speaksThrough(listen: string): Promise<Peer> {
  const client = await connectTo(listen);
  clients.push(client);
  client.send('x');
  return client.until(({ text }) => text === 'x');
}
/** An address of this machine that is not loopback, if it has one. */
const outside = Object.values(networkInterfaces())
  .flat()
  .find((address) => address?.family === 'IPv4' && !address.internal)?.address;

describe('startStandIn', () => {
  it.each(['0.0.0.0', '[::]', '', '192.0.2.1'])(
    'listens on loopback when a link asks for "%s", and says so',
    async (host) => {
      const { call, said } = await start();
      const port = await freePort();
      const { address } = await upstream();
      const { listen } = asProxy(
        await call('POST', '/proxies', { name: 'p', listen: `${host}:${port}`, upstream: address }),
      );
      expect(listen).toBe(`127.0.0.1:${port}`);
      await speaksThrough(listen);
      expect(said).toEqual([
        `link p: asked for ${host}:${port}, listens on 127.0.0.1:${port} only (loopback)`,
      ]);
      if (outside !== undefined)
        await expect(connectTo(`${outside}:${port}`)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    },
  );
  it('knows a link again that was asked for on all interfaces', async () => {
    const { call } = await start();
    const { address } = await upstream();
    const entry = { name: 'p', listen: `0.0.0.0:${await freePort()}`, upstream: address };
    await call('POST', '/populate', [{ ...entry, enabled: false }]);
    await call('POST', '/proxies/p/toxics', { type: 'noop' });
    await call('POST', '/populate', [entry]);
    expect(asProxy(await call('GET', '/proxies/p'))).toMatchObject({
      enabled: false,
      toxics: [{ type: 'noop' }],
    });
    await call('PATCH', '/proxies/p', { enabled: true });
    await call('POST', '/populate', [entry]);
    expect(asProxy(await call('GET', '/proxies/p'))).toMatchObject({
      enabled: true,
      toxics: [{ type: 'noop' }],
    });
  });
  it('puts its API on loopback too, and says so', async () => {
    const { url, said } = await start({ host: '0.0.0.0' });
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(said).toEqual([expect.stringContaining('link control: asked for 0.0.0.0, listens on 127.0.0.1')]);
  });
  it('listens on all interfaces where that is its owner’s wish', async () => {
    const { call, said } = await start({ host: '0.0.0.0', anyInterface: true });
    const { address } = await upstream();
    const { listen } = asProxy(
      await call('POST', '/proxies', { name: 'p', listen: '0.0.0.0:0', upstream: address }),
    );
    expect(listen).toMatch(/^0\.0\.0\.0:/);
    expect(said).toEqual([]);
    await speaksThrough(`${outside ?? '127.0.0.1'}:${portOf(listen)}`);
  });
  it.each([
    ['a host', (port: number) => ({ hosts: { payment: '127.0.0.1' }, upstream: `payment:${port}` })],
    [
      'a host and a port',
      (port: number) => ({ hosts: { payment: `127.0.0.1:${port}` }, upstream: 'payment:8080' }),
    ],
  ])('finds the upstream payment where it is told, as %s', async (_, given) => {
    const { address } = await upstream();
    const { hosts, upstream: named } = given(portOf(address));
    const { call } = await start({ hosts });
    const answer = asProxy(
      await call('POST', '/proxies', { name: 'p', listen: '127.0.0.1:0', upstream: named }),
    );
    expect(answer.upstream).toBe(named);
    await speaksThrough(answer.listen);
  });
  it.each(['nonsense', '127.0.0.1:x', 'no.such.host.invalid:80'])(
    'takes the upstream %s, and reaches nobody',
    async (named) => {
      const { call } = await start();
      const { listen } = asProxy(
        await call('POST', '/proxies', { name: 'p', listen: '127.0.0.1:0', upstream: named }),
      );
      const client = await connectTo(listen);
      clients.push(client);
      client.send('unheard'); // must not turn the FIN into a reset
      await client.until(({ ended }) => ended);
      expect(client.closed ?? '').toBe('');
    },
  );
  it('closes the API, the links and all connections at once', async () => {
    const { call, stop, url } = await start();
    const { address } = await upstream();
    const { listen } = asProxy(
      await call('POST', '/proxies', { name: 'p', listen: '127.0.0.1:0', upstream: address }),
    );
    await call('POST', '/proxies/p/toxics', {
      type: 'latency',
      stream: 'upstream',
      attributes: { latency: 1 },
    });
    const client = await speaksThrough(listen);
    await call('PATCH', '/proxies/p/toxics/latency_upstream', { attributes: { latency: 60_000 } });
    client.send('held back');
    await stop();
    await client.until(({ over }) => over);
    await expect(connectTo(listen)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await expect(fetch(`${url}/version`)).rejects.toThrow();
  });
  it('refuses a port that is taken', async () => {
    const { port } = await start();
    await expect(startStandIn({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
  it('refuses a body without end', async () => {
    const { call } = await start();
    expect(
      await call('POST', '/populate', `["${'x'.repeat(2_000_000)}"]`).catch(() => ({ status: 400 })),
    ).toMatchObject({
      status: 400,
    });
  });
  it('populates from text, and says what is refused', async () => {
    const { populate } = await start();
    expect(await populate('[{"name":"p","listen":"127.0.0.1:0","upstream":"a:1"}]')).toBeUndefined();
    expect(await populate('[{"name":"q"}]')).toBe('missing required field: upstream at proxy 1');
  });
});

describe('the seed', () => {
  /** Which of 40 connections, one after the other, a toxic that touches half of them closes. */
  async function touched({ call }: { call: Call }): Promise<boolean[]> {
    const { address } = await upstream();
    const { listen } = asProxy(
      await call('POST', '/proxies', { name: 'p', listen: '127.0.0.1:0', upstream: address }),
    );
    await call('POST', '/proxies/p/toxics', { type: 'limit_data', toxicity: 0.5 });
    const closed: boolean[] = [];
    for (let connection = 0; connection < 40; connection++) {
      const client = await connectTo(listen);
      clients.push(client);
      client.send('x');
      await client.until(({ over, text }) => over || text === 'x');
      closed.push(client.over);
    }
    await call('DELETE', '/proxies/p');
    return closed;
  }

  it('makes the dice repeatable: the same connections are closed, with another seed other ones', async () => {
    const first = await touched(await start({ seed: 7 }));
    expect(new Set(first)).toEqual(new Set([true, false]));
    expect(await touched(await start({ seed: 7 }))).toEqual(first);
    expect(await touched(await start({ seed: 8 }))).not.toEqual(first);
  });
  it('can be set again, and the dice start anew', async () => {
    const running = await start({ seed: 7 });
    const first = await touched(running);
    expect(await touched(running)).not.toEqual(first);
    running.reseed(7);
    expect(await touched(running)).toEqual(first);
  });
  it('is another one each time, when none is given', async () =>
    expect(await touched(await start())).not.toEqual(await touched(await start())));
  it('gives the n-th connection of a link its own dice, whatever other connections and links throw', () => {
    const throws = (dice: ConnectionDice, purpose: string) => Array.from({ length: 5 }, dice(purpose));
    const alone = new Dice(7).forConnection('p');
    const amongOthers = new Dice(7);
    throws(amongOthers.forConnection('q'), 'upstream toxicity');
    const same = amongOthers.forConnection('p');
    throws(same, 'upstream bytes');
    expect(throws(same, 'upstream toxicity')).toEqual(throws(alone, 'upstream toxicity'));
    expect(throws(same, 'downstream toxicity')).not.toEqual(throws(same, 'upstream toxicity'));
    expect(throws(amongOthers.forConnection('p'), 'upstream toxicity')).not.toEqual(
      throws(alone, 'upstream toxicity'),
    );
  });
});
