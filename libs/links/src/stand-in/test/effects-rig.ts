import { afterAll, afterEach, beforeAll, beforeEach, expect } from '@jest/globals';
import { asProxy, callerOf, type Call } from './api-client.js';
import { connectTo, startUpstream, type Peer } from './peers.js';
import type { Subject } from './subjects.js';

/** How much later than promised something may happen on a busy machine, in ms. Never earlier, but for a timer's grain. */
const lateMs = 5_000;
const grainMs = 5;

/** A subject with one proxy, `p`, to an upstream of ours: made before each test, gone after it. */
export function effectsRig(subject: Subject) {
  let asked: Call;
  let stop: () => Promise<void>;
  let upstream: Awaited<ReturnType<typeof startUpstream>>;
  let listen: string;
  let clients: Peer[] = [];

  beforeAll(async () => {
    const running = await subject.start();
    asked = callerOf(running.url);
    stop = running.stop;
  });
  afterAll(() => stop());
  beforeEach(async () => {
    upstream = await startUpstream();
    listen = asProxy(
      await asked('POST', '/proxies', { name: 'p', listen: '127.0.0.1:0', upstream: upstream.address }),
    ).listen;
  });
  afterEach(async () => {
    for (const { socket } of clients) socket.destroy();
    clients = [];
    await asked('DELETE', '/proxies/p');
    await upstream.stop();
  });

  const call: Call = (...request) => asked(...request);
  const pair = async () => {
    const client = await connectTo(listen);
    clients.push(client);
    return { client, server: await upstream.accepted() };
  };
  return {
    call,
    /** Named after its type, unless `more` names it. */
    add: async (type: string, attributes: object = {}, more: object = {}) =>
      expect(
        await call('POST', '/proxies/p/toxics', { name: type, type, attributes, ...more }),
      ).toMatchObject({
        status: 200,
      }),
    remove: (name: string) => call('DELETE', `/proxies/p/toxics/${name}`),
    change: (name: string, body: object) => call('PATCH', `/proxies/p/toxics/${name}`, body),
    pair,
    /** Both directions are known to work before a toxic comes. */
    warmPair: async () => {
      const both = await pair();
      both.client.send('?');
      await both.server.until(({ text }) => text === '?');
      both.server.send('!');
      await both.client.until(({ text }) => text === '!');
      return both;
    },
    between: (fromMs: number, toMs: number | undefined, leastMs: number) => {
      expect((toMs ?? NaN) - fromMs).toBeGreaterThanOrEqual(leastMs - grainMs);
      expect((toMs ?? NaN) - fromMs).toBeLessThan(leastMs + lateMs);
    },
  };
}
