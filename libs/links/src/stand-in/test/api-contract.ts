import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { asProxy, callerOf, portOf, type Answer, type Call } from './api-client.js';
import { freePort, type Subject } from './subjects.js';

const textType = 'text/plain; charset=utf-8';
const upstream = '127.0.0.1:9';

/** What the HTTP API answers, byte for byte where clients can see it. */
export function apiContract(subject: Subject): void {
  let call: Call;
  let stop: () => Promise<void>;

  beforeAll(async () => {
    const running = await subject.start();
    call = callerOf(running.url);
    stop = running.stop;
  });
  afterAll(() => stop());
  afterEach(async () => {
    const { text } = await call('GET', '/proxies');
    for (const name of Object.keys(JSON.parse(text))) await call('DELETE', `/proxies/${name}`);
  });

  const create = (proxy: object) => call('POST', '/proxies', { listen: '127.0.0.1:0', upstream, ...proxy });
  const show = async (name: string) => asProxy(await call('GET', `/proxies/${name}`));
  const refused = (answer: Answer, status: number, error: string) => {
    expect(answer.text).toBe(`${JSON.stringify({ error, status })}\n`);
    expect(answer).toMatchObject({ status, type: textType });
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  };

  describe('every answer', () => {
    it('carries a request id of its own', async () => {
      const ids = await Promise.all(
        [1, 2].map(async () => (await call('GET', '/version')).headers.get('x-toxiproxy-request-id')),
      );
      expect(new Set(ids).size).toBe(2);
      expect(ids[0]).toMatch(/^[0-9a-v]{20}$/);
    });
    it('is 403 for a browser, plain text', async () => {
      const answer = await call('GET', '/version', undefined, { 'user-agent': 'Mozilla/5.0 (Linux)' });
      expect(answer).toMatchObject({ status: 403, type: textType, text: 'User agent not allowed\n' });
      expect((await call('GET', '/version', undefined, { 'user-agent': 'curl/8' })).status).toBe(200);
    });
    it.each(['/', '/nope', '/proxies/', '/proxies/a%2Fb', '/metrics', '/proxies/a/toxics/'])(
      'is 404 for %s',
      async (path) => {
        expect(await call('GET', path)).toMatchObject({
          status: 404,
          type: textType,
          text: '404 page not found\n',
        });
      },
    );
    it.each([
      ['PUT', '/proxies'],
      ['POST', '/version'],
      ['GET', '/reset'],
      ['GET', '/populate'],
      ['DELETE', '/proxies/x/toxics'],
    ])('is an empty 405 for %s %s', async (method, path) => {
      expect(await call(method, path)).toMatchObject({ status: 405, text: '' });
    });
    it('tells the version with one space', async () => {
      const answer = await call('GET', '/version');
      expect(answer).toMatchObject({ status: 200, type: 'application/json;charset=utf-8' });
      expect(answer.text).toMatch(/^\{"version": "[^"]+"\}\n$/);
    });
  });

  it('lists no proxies as an empty object', async () =>
    expect(await call('GET', '/proxies')).toMatchObject({
      status: 200,
      type: 'application/json',
      text: '{}',
    }));

  describe('creating a proxy', () => {
    it('answers 201 with the resolved address, enabled, without toxics', async () => {
      const answer = await call('POST', '/proxies', { name: 'p', listen: 'localhost:0', upstream });
      expect(answer).toMatchObject({ status: 201, type: 'application/json' });
      const proxy = asProxy(answer);
      expect(proxy).toMatchObject({ name: 'p', upstream, enabled: true, toxics: [] });
      expect(proxy.listen).toMatch(/^127\.0\.0\.1:[1-9]\d+$/);
      expect(await show('p')).toEqual(proxy);
      expect(JSON.parse((await call('GET', '/proxies')).text)).toEqual({ p: proxy });
    });
    it('reads the first JSON value, whatever the case of its keys, and ignores the rest', async () => {
      const body = `{"NAME":"p","Upstream":"${upstream}","listen":"127.0.0.1:0","more":[1],"enabled":null} trailing`;
      expect(await call('POST', '/proxies', body)).toMatchObject({ status: 201 });
    });
    it('keeps the address as given while disabled, and resolves it when enabled', async () => {
      const listen = `localhost:${await freePort()}`;
      expect(asProxy(await create({ name: 'p', listen, enabled: false }))).toMatchObject({
        listen,
        enabled: false,
      });
      const enabled = asProxy(await call('PATCH', '/proxies/p', { enabled: true }));
      expect(enabled).toMatchObject({ listen: `127.0.0.1:${portOf(listen)}`, enabled: true });
    });
    it('wants a name first, then an upstream', async () => {
      refused(await call('POST', '/proxies', {}), 400, 'missing required field: name');
      refused(await call('POST', '/proxies', { name: 'p' }), 400, 'missing required field: upstream');
      refused(await call('POST', '/proxies', 'null'), 400, 'missing required field: name');
    });
    it.each([
      ['', 'EOF'],
      ['{"name":', 'unexpected EOF'],
      ['bad', "invalid character 'b' looking for beginning of value"],
      ['{bad}', "invalid character 'b' looking for beginning of object key string"],
      [`{'a':1}`, String.raw`invalid character '\'' looking for beginning of object key string`],
      ['{"a" 1}', "invalid character '1' after object key"],
      ['{"a":1 "b"}', `invalid character '"' after object key:value pair`],
      ['{"a":[1 2]}', "invalid character '2' after array element"],
      ['{"a":tru}', "invalid character '}' in literal true (expecting 'e')"],
      ['{"a":-x}', "invalid character 'x' in numeric literal"],
      ['{"name":1}', 'json: cannot unmarshal number into Go struct field Proxy.name of type string'],
      ['{"enabled":"x"}', 'json: cannot unmarshal string into Go struct field Proxy.enabled of type bool'],
      ['[1]', 'json: cannot unmarshal array into Go value of type toxiproxy.Proxy'],
    ])('refuses the body %s', async (body, reason) => {
      refused(await call('POST', '/proxies', body), 400, `bad request body: ${reason}`);
    });
    it('refuses a name that is taken', async () => {
      await create({ name: 'p' });
      refused(await create({ name: 'p' }), 409, 'proxy already exists');
    });
    it('refuses an address that is taken or none, and keeps nothing', async () => {
      const { listen } = asProxy(await create({ name: 'p' }));
      refused(await create({ name: 'q', listen }), 500, `listen tcp ${listen}: bind: address already in use`);
      refused(
        await create({ name: 'q', listen: 'nonsense' }),
        500,
        'listen tcp: address nonsense: missing port in address',
      );
      refused(
        await create({ name: 'q', listen: '127.0.0.1:99999' }),
        500,
        'listen tcp: address 99999: invalid port',
      );
      refused(await call('GET', '/proxies/q'), 404, 'proxy not found');
    });
    it('takes a name with a slash, which nobody can address', async () => {
      expect(await create({ name: 'a/b' })).toMatchObject({ status: 201 });
      expect(await call('GET', '/proxies/a%2Fb')).toMatchObject({
        status: 404,
        text: '404 page not found\n',
      });
    });
  });

  describe('changing a proxy', () => {
    it.each(['PATCH', 'POST'])('%s keeps absent fields, ignores the name and answers 200', async (method) => {
      const before = asProxy(await create({ name: 'p' }));
      const answer = await call(method, '/proxies/p', { name: 'other', upstream: '127.0.0.1:10' });
      expect(answer).toMatchObject({ status: 200, type: 'application/json' });
      expect(asProxy(answer)).toEqual({ ...before, upstream: '127.0.0.1:10' });
      expect(await call(method, '/proxies/p', {})).toMatchObject({ status: 200 });
    });
    it('disables a proxy that is disabled already, or never was enabled', async () => {
      await create({ name: 'p', enabled: false });
      for (let time = 0; time < 2; time++)
        expect(asProxy(await call('PATCH', '/proxies/p', { enabled: false })).enabled).toBe(false);
      expect(asProxy(await call('PATCH', '/proxies/p', { enabled: true })).enabled).toBe(true);
    });
    it('leaves a proxy disabled at the new address if that is taken, and can repair it', async () => {
      const { listen: taken } = asProxy(await create({ name: 'q' }));
      const { listen } = asProxy(await create({ name: 'p' }));
      const answer = await call('PATCH', '/proxies/p', { listen: taken });
      refused(answer, 500, `listen tcp ${taken}: bind: address already in use`);
      expect(await show('p')).toMatchObject({ listen: taken, enabled: false });
      expect(asProxy(await call('PATCH', '/proxies/p', { listen, enabled: true }))).toMatchObject({
        listen,
        enabled: true,
      });
    });
    it('refuses an address that is none without touching the proxy', async () => {
      const before = asProxy(await create({ name: 'p' }));
      refused(
        await call('PATCH', '/proxies/p', { listen: 'nonsense' }),
        500,
        'address nonsense: missing port in address',
      );
      expect(await show('p')).toEqual(before);
    });
    it('refuses bad bodies and unknown names', async () => {
      await create({ name: 'p' });
      refused(await call('PATCH', '/proxies/p', ''), 400, 'bad request body: EOF');
      refused(await call('PATCH', '/proxies/x', {}), 404, 'proxy not found');
    });
    it('deletes once', async () => {
      await create({ name: 'p' });
      const deleted = await call('DELETE', '/proxies/p');
      expect(deleted).toMatchObject({ status: 204, text: '', type: null });
      refused(await call('DELETE', '/proxies/p'), 404, 'proxy not found');
    });
  });

  describe('reset', () => {
    it('enables every proxy and removes all toxics', async () => {
      await create({ name: 'p', enabled: false });
      await create({ name: 'q' });
      await call('POST', '/proxies/q/toxics', { type: 'latency' });
      expect(await call('POST', '/reset')).toMatchObject({ status: 204, text: '' });
      const p = await show('p');
      expect(p.enabled).toBe(true);
      expect(portOf(p.listen)).toBeGreaterThan(0);
      expect((await show('q')).toxics).toEqual([]);
    });
    it('is a 500 if one cannot listen', async () => {
      const { listen } = asProxy(await create({ name: 'p' }));
      await create({ name: 'q', listen, enabled: false });
      refused(await call('POST', '/reset'), 500, `listen tcp ${listen}: bind: address already in use`);
    });
  });
}
