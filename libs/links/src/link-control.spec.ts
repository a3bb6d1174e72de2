import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { connectLinks, type LinkControl } from './link-control.js';
import { LinkNotSetUp, LinksRefused, LinksUnreachable } from './link-errors.js';
import { linkNames, linkProxies, UnknownLink } from './links.js';
import { callerOf, type Call } from './stand-in/test/api-client.js';
import { freePort, original, standIn, type Subject } from './stand-in/test/subjects.js';

function controlsLinks(subject: Subject): void {
  let links: LinkControl;
  let call: Call;
  let stop: () => Promise<void>;

  beforeAll(async () => {
    const running = await subject.start();
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
