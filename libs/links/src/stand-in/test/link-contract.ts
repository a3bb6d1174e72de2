import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { asProxy, callerOf, portOf, type Call } from './api-client.js';
import { connectTo, startUpstream, type Peer } from './peers.js';
import { freePort, type Subject } from './subjects.js';

/** What happens to connections, without toxics. */
export function linkContract(subject: Subject): void {
  let call: Call;
  let stop: () => Promise<void>;
  let upstream: Awaited<ReturnType<typeof startUpstream>>;
  let listen: string;
  let clients: Peer[] = [];

  beforeAll(async () => {
    const running = await subject.start();
    call = callerOf(running.url);
    stop = running.stop;
  });
  afterAll(() => stop());
  beforeEach(async () => {
    upstream = await startUpstream();
    listen = asProxy(
      await call('POST', '/proxies', { name: 'p', listen: '127.0.0.1:0', upstream: upstream.address }),
    ).listen;
  });
  afterEach(async () => {
    for (const { socket } of clients) socket.destroy();
    clients = [];
    await call('DELETE', '/proxies/p');
    await upstream.stop();
  });

  const pair = async () => {
    const client = await connectTo(listen);
    clients.push(client);
    return { client, server: await upstream.accepted() };
  };

  it('passes bytes both ways, in order', async () => {
    const { client, server } = await pair();
    client.send('hello ');
    client.send('world');
    await server.until(({ text }) => text === 'hello world');
    server.send('and back');
    await client.until(({ text }) => text === 'and back');
  });
  it('passes megabytes to a slow reader without losing one byte', async () => {
    const { client, server } = await pair();
    const sent = Buffer.alloc(20_000_000, 'paid once, ');
    server.socket.pause();
    client.socket.end(sent);
    await new Promise((resolve) => setImmediate(resolve));
    server.socket.resume();
    await server.until(({ ended }) => ended);
    expect(server.received.equals(sent)).toBe(true);
  });
  it('passes the end of either side on', async () => {
    const first = await pair();
    first.client.socket.end('bye');
    await first.server.until(({ ended }) => ended);
    expect(first.server.text).toBe('bye');
    const second = await pair();
    second.server.socket.end('bye');
    await second.client.until(({ ended }) => ended);
    expect(second.client.text).toBe('bye');
  });
  if (!subject.isOriginal)
    it('lets a server answer a client that has said all it had to say', async () => {
      const { client, server } = await pair();
      client.socket.end('question');
      await server.until(({ ended }) => ended);
      server.socket.end('answer');
      await client.until(({ closed }) => closed !== undefined);
      expect(client.text).toBe('answer');
      await server.until(({ closed }) => closed !== undefined);
    });
  it('closes the other side when one is reset', async () => {
    const { client, server } = await pair();
    client.send('x');
    await server.until(({ text }) => text === 'x');
    client.socket.resetAndDestroy();
    await server.until(({ over }) => over);
  });
  it('closes open connections when cut, and refuses new ones until it is healed', async () => {
    const { client, server } = await pair();
    await call('PATCH', '/proxies/p', { enabled: false });
    await client.until(({ over }) => over);
    await server.until(({ over }) => over);
    expect(client.closed ?? '').toBe('');
    await expect(connectTo(listen)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await call('PATCH', '/proxies/p', { enabled: true });
    const again = await pair();
    again.client.send('x');
    await again.server.until(({ text }) => text === 'x');
  });
  it('can be cut and healed many times at one address', async () => {
    for (let round = 0; round < 20; round++) {
      const { client } = await pair();
      expect(asProxy(await call('PATCH', '/proxies/p', { enabled: false }))).toMatchObject({
        enabled: false,
        listen,
      });
      await client.until(({ over }) => over);
      expect(asProxy(await call('PATCH', '/proxies/p', { enabled: true }))).toMatchObject({
        enabled: true,
        listen,
      });
    }
  });
  it('keeps connections when it is told the address it has, by another name', async () => {
    const { client, server } = await pair();
    const same = `localhost:${portOf(listen)}`;
    expect(asProxy(await call('PATCH', '/proxies/p', { listen: same }))).toMatchObject({ listen });
    client.send('x');
    await server.until(({ text }) => text === 'x');
  });
  it('closes connections when it moves and when it is deleted', async () => {
    const moved = await pair();
    const elsewhere = `127.0.0.1:${await freePort()}`;
    await call('PATCH', '/proxies/p', { listen: elsewhere });
    await moved.client.until(({ over }) => over);
    await expect(connectTo(listen)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    listen = elsewhere;
    const deleted = await pair();
    await call('DELETE', '/proxies/p');
    await deleted.client.until(({ over }) => over);
    await expect(connectTo(listen)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
  it('accepts a client and then closes with FIN when the upstream is away', async () => {
    const away = `127.0.0.1:${await freePort()}`;
    await call('PATCH', '/proxies/p', { upstream: away });
    const client = await connectTo(listen);
    clients.push(client);
    await client.until(({ over }) => over);
    expect(client).toMatchObject({ ended: true, text: '' });
  });
}
