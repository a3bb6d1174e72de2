import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { Fault } from './faults.js';
import { connectLinks, type LinkControl } from './link-control.js';
import { linkProxies } from './links.js';
import { portOf } from './stand-in/test/api-client.js';
import { connectTo, startUpstream, type Peer } from './stand-in/test/peers.js';
import { original, standIn, type Subject } from './stand-in/test/subjects.js';

/** How long a client waits before it gives an answer up for lost, in ms. */
const patienceMs = 300;

/** What each fault does, as a client and a server see it; and that nothing of it is left after healing. */
function hasItsEffects(subject: Subject): void {
  let links: LinkControl;
  let stop: () => Promise<void>;
  let upstream: Awaited<ReturnType<typeof startUpstream>>;
  let listen: string;
  const clients: Peer[] = [];
  let stopServer: (() => Promise<void>) | undefined;

  beforeAll(async () => {
    const running = await subject.start();
    links = connectLinks(running.url);
    stop = running.stop;
  });
  afterAll(() => stop());
  beforeEach(async () => {
    upstream = await startUpstream();
    await pointAt(upstream.address);
  });
  afterEach(async () => {
    for (const { socket } of clients.splice(0)) socket.destroy();
    await links.heal('payment');
    await stopServer?.();
    stopServer = undefined;
    await upstream.stop();
  });

  const pointAt = async (address: string) => {
    const [link] = await links.populate(
      linkProxies({ payment: { listen: '127.0.0.1:0', upstream: address } }),
    );
    listen = link?.listen ?? '';
  };
  const breakWith = (...faults: readonly [Fault, ...Fault[]]) => links.breakWith('payment', ...faults);
  const pair = async () => {
    const client = await connectTo(listen);
    clients.push(client);
    return { client, server: await upstream.accepted() };
  };
  /** A connection that was used before the link is broken. */
  const warmPair = async () => {
    const both = await pair();
    both.client.send('?');
    await both.server.until(({ text }) => text === '?');
    both.server.send('!');
    await both.client.until(({ text }) => text === '!');
    return both;
  };
  const healed = async () => {
    expect(await links.heal('payment')).toMatchObject([{ enabled: true, toxics: [] }]);
    await warmPair();
  };
  /** That nothing arrives can only be waited for. */
  const passes = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

  it('cut: open connections are closed, new ones refused; healed, a new one works', async () => {
    const { client, server } = await warmPair();
    await breakWith({ kind: 'cut' });
    await client.until(({ over }) => over);
    await server.until(({ over }) => over);
    await expect(connectTo(listen)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await healed();
  });

  it('slow: the request arrives at once, the answer so much later; healed, at once', async () => {
    const { client, server } = await warmPair();
    await breakWith({ kind: 'slow', ms: 400 });
    client.send('request');
    await server.until(({ text }) => text === '?request');
    const sentMs = performance.now();
    server.send('answer');
    await client.until(({ text }) => text === '!answer');
    expect(performance.now() - sentMs).toBeGreaterThanOrEqual(395);
    await healed();
  });

  it('reset upstream: the client is reset, and the server never sees the request; healed, a new one works', async () => {
    await breakWith({ kind: 'reset', percent: 100 });
    const { client, server } = await pair();
    client.send('request');
    await client.until(({ closed }) => closed !== undefined);
    await server.until(({ closed }) => closed !== undefined);
    expect({ client: client.closed, heard: server.text }).toEqual({ client: 'ECONNRESET', heard: '' });
    await healed();
  });

  it('reset downstream: the server has done the request, the client is reset instead of answered', async () => {
    await breakWith({ kind: 'reset', percent: 100, stream: 'downstream' });
    const { client, server } = await pair();
    client.send('request');
    await server.until(({ text }) => text === 'request');
    server.send('answer');
    await client.until(({ closed }) => closed !== undefined);
    expect({ client: client.closed, heard: client.text }).toEqual({ client: 'ECONNRESET', heard: '' });
    await healed();
  });

  it('reset both: some requests are lost, some answers, and some pass', async () => {
    let done = 0;
    const server = await httpServer(() => done++);
    stopServer = server.stop;
    await pointAt(server.address);
    await breakWith({ kind: 'reset', percent: 50, stream: 'both' });
    let answered = 0;
    // Each request on a connection of its own: the dice are thrown for connections.
    for (let sent = 0; sent < 60; sent++) answered += (await get(listen)) === 'answered' ? 1 : 0;
    expect(answered).toBeGreaterThan(0);
    expect(done).toBeGreaterThan(answered); // done, and nobody knows
    expect(done).toBeLessThan(60); // lost on the way there
    await links.heal('payment');
    expect(await get(listen)).toBe('answered');
  });

  it('lose-answers: the server got the request, the client hears nothing; healed, a new connection works', async () => {
    let done = 0;
    const server = await httpServer(() => done++);
    stopServer = server.stop;
    await pointAt(server.address);
    await breakWith({ kind: 'lose-answers' });
    expect(await get(listen)).toBe('nothing');
    expect(done).toBe(1);
    await links.heal('payment');
    expect(await get(listen)).toBe('answered');
  });

  it('lose-requests: neither hears anything of the other, and nobody is told; healed, a new connection works', async () => {
    const { client, server } = await warmPair();
    await breakWith({ kind: 'lose-requests' });
    client.send('request');
    server.send('greeting');
    await client.until(({ text }) => text === '!greeting');
    await passes(patienceMs);
    expect({ heard: server.text, over: client.over || server.over }).toEqual({ heard: '?', over: false });
    await healed();
  });

  it('half-open: nothing passes either way, and nobody is told; healed, both are closed and a new one works', async () => {
    const { client, server } = await warmPair();
    await breakWith({ kind: 'half-open' });
    client.send('request');
    server.send('answer');
    await passes(patienceMs);
    expect([client.text, server.text, client.over, server.over]).toEqual(['!', '?', false, false]);
    await links.heal('payment');
    await client.until(({ over }) => over);
    await server.until(({ over }) => over);
    await healed();
  });

  it('drip: everything arrives, in crumbs; healed, in one piece', async () => {
    const { client, server } = await warmPair();
    await breakWith({ kind: 'drip' });
    const text = 'paid once, '.repeat(2_000);
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      const before = to.pieces.length;
      from.send(text);
      await to.until(({ receivedBytes }) => receivedBytes === text.length + 1);
      expect(to.text.slice(1)).toBe(text);
      const crumbs = to.pieces.slice(before).map(({ data }) => data.length);
      expect(crumbs.length).toBeGreaterThan(5);
    }
    await healed();
  });

  it('slow and losing requests: a link can have two faults', async () => {
    const { client, server } = await warmPair();
    await breakWith({ kind: 'slow', ms: 200 }, { kind: 'lose-requests' });
    const sentMs = performance.now();
    client.send('request');
    server.send('greeting');
    await client.until(({ text }) => text === '!greeting');
    expect(performance.now() - sentMs).toBeGreaterThanOrEqual(195);
    expect(server.text).toBe('?');
    await healed();
  });
}

/** A server that answers each request once it is done. */
async function httpServer(onRequest: () => void): Promise<{ address: string; stop: () => Promise<void> }> {
  const server: Server = createServer((_, response) => {
    onRequest();
    response.end('done');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  return {
    address: `127.0.0.1:${bound !== null && typeof bound === 'object' ? bound.port : 0}`,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** One request on a connection of its own. */
async function get(listen: string): Promise<'answered' | 'reset' | 'nothing'> {
  const outcome = Promise.withResolvers<'answered' | 'reset' | 'nothing'>();
  // A server that closes after its answer would tell the client even through a link that loses answers.
  const headers = { connection: 'keep-alive' };
  const asked = request({
    host: '127.0.0.1',
    port: portOf(listen),
    agent: false,
    headers,
    timeout: patienceMs,
  });
  asked.on('response', (response) => response.resume().on('end', () => outcome.resolve('answered')));
  asked.on('timeout', () => outcome.resolve('nothing'));
  asked.on('error', () => outcome.resolve('reset'));
  asked.end();
  const heard = await outcome.promise;
  asked.destroy();
  return heard;
}

describe('a fault on the stand-in', () => hasItsEffects(standIn));

const toxiproxy = original();
if ('missing' in toxiproxy)
  describe.skip(`a fault on Toxiproxy: ${toxiproxy.missing}`, () => it('has its effect', () => {}));
else describe('a fault on Toxiproxy', () => hasItsEffects(toxiproxy));
