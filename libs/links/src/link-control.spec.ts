import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { faultsOn } from './faults-on.js';
import { connectLinks, type LinkControl } from './link-control.js';
import { LinkNotSetUp, LinksRefused, LinksUnreachable } from './link-errors.js';
import { linkNames, linkProxies, UnknownLink } from './links.js';
import { callerOf, type Call } from './stand-in/test/api-client.js';
import { freePort, original, standIn, type Subject } from './stand-in/test/subjects.js';

function controlsLinks(subject: Subject): void {
  let links: LinkControl;
  let call: Call;
  let url: string;
  let stop: () => Promise<void>;

  beforeAll(async () => {
    const running = await subject.start();
    url = running.url;
    links = connectLinks(`${running.url}/`);
    call = callerOf(running.url);
    stop = running.stop;
  });
  afterAll(() => stop());
  beforeEach(async () => {
    const ends = { listen: '127.0.0.1:0', upstream: '127.0.0.1:9' };
    const states = await links.populate(
      linkProxies(Object.fromEntries(linkNames.map((name) => [name, ends]))),
    );
    expect(states.map(({ name }) => name)).toEqual(linkNames);
  });
  afterEach(async () => {
    for (const name of linkNames) await call('DELETE', `/proxies/${name}`);
  });
  const state = async (wanted: string) => (await links.list()).find(({ name }) => name === wanted);
  const cut = async () => (await links.list()).filter(({ enabled }) => !enabled).map(({ name }) => name);

  it('lists every link with its addresses and toxics, by name', async () => {
    const states = await links.list();
    expect(states.map(({ name }) => name)).toEqual(linkNames.toSorted());
    expect(states[0]).toMatchObject({ upstream: '127.0.0.1:9', enabled: true, toxics: [] });
  });
  it('breaks and heals one link', async () => {
    expect(await links.break('relay-rabbitmq')).toMatchObject([{ name: 'relay-rabbitmq', enabled: false }]);
    expect(await cut()).toEqual(['relay-rabbitmq']);
    expect(await links.heal('relay-rabbitmq')).toMatchObject([{ name: 'relay-rabbitmq', enabled: true }]);
    expect(await cut()).toEqual([]);
  });
  it('breaks and heals a group', async () => {
    expect(await links.break('rabbitmq')).toHaveLength(3);
    expect(await cut()).toEqual(['ledger-rabbitmq', 'payments-rabbitmq', 'relay-rabbitmq']);
    await links.heal('rabbitmq');
    expect(await cut()).toEqual([]);
  });
  it('breaks a link with a fault, whose time it tells', async () => {
    const from = Math.floor(Date.now() / 1_000) * 1_000;
    const [broken] = await links.breakWith('payment', { kind: 'reset', percent: 30, stream: 'both' });
    const [trouble, ...more] = broken === undefined ? [] : faultsOn(broken);
    expect(trouble?.fault).toEqual({ kind: 'reset', percent: 30, stream: 'both' });
    expect(trouble?.since?.getTime()).toBeGreaterThanOrEqual(from);
    expect(trouble?.since?.getTime()).toBeLessThanOrEqual(Date.now());
    expect(more).toEqual([]);
  });
  it('tells a cut’s time too, whoever looks', async () => {
    await links.break('relay-rabbitmq');
    const state = (await links.list()).find(({ name }) => name === 'relay-rabbitmq');
    expect(state && faultsOn(state)).toEqual([{ fault: { kind: 'cut' }, since: expect.any(Date) }]);
  });
  it('replaces a fault of the same kind, and adds one of another', async () => {
    await links.breakWith('payment', { kind: 'slow', ms: 100 });
    await links.breakWith('payment', { kind: 'lose-answers' });
    const [twice] = await links.breakWith('payment', { kind: 'slow', ms: 200 });
    const faults = twice === undefined ? [] : faultsOn(twice).map(({ fault }) => fault);
    expect(faults).toHaveLength(2);
    expect(faults).toEqual(expect.arrayContaining([{ kind: 'slow', ms: 200 }, { kind: 'lose-answers' }]));
    await links.break('payment');
    const [again] = await links.break('payment');
    expect(again?.toxics.filter(({ type }) => type === 'noop')).toHaveLength(1);
  });
  it('breaks each link of a group', async () => {
    for (const state of await links.breakWith('rabbitmq', { kind: 'drip' }))
      expect(faultsOn(state)).toMatchObject([{ fault: { kind: 'drip' } }]);
  });
  it('leaves a link as it was when a part of a fault is refused', async () => {
    await links.breakWith('payment', { kind: 'slow', ms: 100 });
    const before = await state('payment');
    const proxy = await refusing(url, ({ body }) => body.includes('"stream":"downstream"'));
    const half = connectLinks(proxy.url).breakWith('payment', { kind: 'half-open' }, { kind: 'slow', ms: 1 });
    await expect(half).rejects.toThrow(LinksRefused);
    await proxy.stop();
    expect(await state('payment')).toEqual(before);
  });
  it('changes nothing for a fault that cannot be meant', async () => {
    const faults = [{ kind: 'half-open' }, { kind: 'slow', ms: -1 }] as const;
    await expect(links.breakWith('payment', ...faults)).rejects.toThrow(RangeError);
    expect((await state('payment'))?.toxics).toEqual([]);
  });
  it('takes faults away when it heals', async () => {
    await links.breakWith('payment', { kind: 'drip' }, { kind: 'cut' });
    expect(await links.heal('payment')).toMatchObject([{ toxics: [], enabled: true }]);
  });
  it('takes toxics away when it heals', async () => {
    const [poisoned] = await links.addToxic('payment', { type: 'timeout', attributes: { timeout: 0 } });
    expect(poisoned).toMatchObject({
      name: 'payment',
      toxics: [{ name: 'timeout_downstream', stream: 'downstream' }],
    });
    expect(await links.heal('payment')).toMatchObject([{ toxics: [], enabled: true }]);
  });
  it('heals all: opens every link and takes all toxics away', async () => {
    await links.break('rabbitmq');
    await links.addToxic('payment', { type: 'latency', stream: 'upstream', attributes: { latency: 1 } });
    for (const { enabled, toxics } of await links.healAll())
      expect({ enabled, toxics }).toEqual({ enabled: true, toxics: [] });
  });
  it('heals the others when one cannot be opened, and says which', async () => {
    const holder = createServer().listen(await freePort(), '127.0.0.1');
    await once(holder, 'listening');
    const held = holder.address();
    const port = held !== null && typeof held === 'object' ? held.port : 0;
    for (const name of linkNames) await links.break(name);
    await call('PATCH', '/proxies/ledger-postgres', { listen: `127.0.0.1:${port}` });
    const refusal = await links.healAll().catch((error: unknown) => error);
    const stillCut = await cut();
    holder.close();
    expect(refusal).toBeInstanceOf(LinksRefused);
    expect(refusal).toMatchObject({
      links: ['ledger-postgres'],
      status: 500,
      message: expect.stringContaining('cannot listen'),
    });
    expect(stillCut).toEqual(['ledger-postgres']);
  });
  it('keeps a link cut that is populated again', async () => {
    const before = await links.break('payment');
    const { listen, upstream } = before[0] ?? { listen: '', upstream: '' };
    await links.populate(linkProxies({ payment: { listen, upstream } }));
    expect(await cut()).toEqual(['payment']);
  });
  it('populates nothing', async () => expect(await links.populate([])).toEqual([]));
  it('tells a link that is not set up from one that is unknown', async () => {
    await call('DELETE', '/proxies/payment');
    await expect(links.break('payment')).rejects.toThrow(LinkNotSetUp);
    await expect(links.heal('payment')).rejects.toThrow(LinkNotSetUp);
    await expect(links.break('pigeon')).rejects.toThrow(UnknownLink);
  });
  it('passes a refusal on', async () => {
    await links.addToxic('payment', { type: 'noop' });
    await expect(links.addToxic('payment', { type: 'noop' })).rejects.toMatchObject({
      links: ['payment'],
      status: 409,
    });
  });
}

/** The same API, which refuses some of what is posted. */
async function refusing(url: string, refuses: (request: { body: string }) => boolean) {
  const server = createHttpServer((request, response) => {
    void text(request).then(async (body) => {
      const { method = 'GET' } = request;
      if (method === 'POST' && refuses({ body })) return response.writeHead(400).end();
      const answer = await fetch(`${url}${request.url}`, { method, ...(body !== '' && { body }) });
      return response.writeHead(answer.status).end(await answer.text());
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  return {
    url: `http://127.0.0.1:${bound !== null && typeof bound === 'object' ? bound.port : 0}`,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

describe('connectLinks with the stand-in', () => controlsLinks(standIn));

const toxiproxy = original();
if ('missing' in toxiproxy)
  describe.skip(`connectLinks with Toxiproxy: ${toxiproxy.missing}`, () => it('controls links', () => {}));
else describe('connectLinks with Toxiproxy', () => controlsLinks(toxiproxy));

describe('connectLinks without anybody there', () => {
  it('says what that means and what to do', async () => {
    const links = connectLinks(`http://127.0.0.1:${await freePort()}`);
    for (const call of [
      () => links.list(),
      () => links.break('payment'),
      () => links.healAll(),
      () => links.populate([]),
    ]) {
      await expect(call()).rejects.toThrow(LinksUnreachable);
      await expect(call()).rejects.toThrow(/could not be read or changed.*Money is unaffected.*Next:/);
    }
  });
});
