import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { asProxy, callerOf, type Call, type ShownProxy } from './api-client.js';
import { freePort, type Subject } from './subjects.js';

const upstream = '127.0.0.1:9';

/** POST /populate: create or replace, one at a time, in order. */
export function populateContract(subject: Subject): void {
  let call: Call;
  let stop: () => Promise<void>;

  beforeAll(async () => {
    const running = await subject.start();
    call = callerOf(running.url);
    stop = running.stop;
  });
  afterAll(() => stop());
  afterEach(async () => {
    for (const name of await names()) await call('DELETE', `/proxies/${name}`);
  });

  const populate = async (body: unknown) => {
    const answer = await call('POST', '/populate', body);
    const { proxies, error }: { proxies: ShownProxy[] | null; error?: string } = JSON.parse(answer.text);
    return { status: answer.status, type: answer.type, proxies, error };
  };
  const names = async () => Object.keys(JSON.parse((await call('GET', '/proxies')).text));
  const show = async (name: string) => asProxy(await call('GET', `/proxies/${name}`));
  const at = (port: number) => `127.0.0.1:${port}`;

  it('creates the proxies in order, enabled unless it says otherwise', async () => {
    const { status, type, proxies } = await populate([
      { name: 'b', listen: at(0), upstream },
      { name: 'a', listen: 'localhost:0', upstream, enabled: false },
    ]);
    expect({ status, type }).toEqual({ status: 201, type: 'application/json' });
    expect(proxies).toMatchObject([
      { name: 'b', enabled: true, toxics: [] },
      { name: 'a', enabled: false, listen: 'localhost:0' },
    ]);
    expect(await names()).toEqual(['a', 'b']);
  });
  it.each(['[]', 'null'])('answers null to %s', async (body) => {
    expect(await call('POST', '/populate', body)).toMatchObject({ status: 201, text: '{"proxies":null}' });
  });
  it('leaves a proxy with the same addresses untouched, its toxics and whether it is enabled too', async () => {
    const entry = { name: 'p', listen: `localhost:${await freePort()}`, upstream };
    await populate([entry]);
    await call('POST', '/proxies/p/toxics', { type: 'latency', attributes: { latency: 1 } });
    await populate([{ ...entry, enabled: false }]);
    expect(await show('p')).toMatchObject({ enabled: true, toxics: [{ name: 'latency_downstream' }] });
    await call('PATCH', '/proxies/p', { enabled: false });
    await populate([entry]);
    expect(await show('p')).toMatchObject({ enabled: false });
  });
  it('replaces a proxy whose addresses differ, without its toxics', async () => {
    const entry = { name: 'p', listen: at(await freePort()), upstream };
    await populate([entry]);
    await call('POST', '/proxies/p/toxics', { type: 'latency' });
    await populate([{ ...entry, upstream: '127.0.0.1:10' }]);
    expect(await show('p')).toMatchObject({ upstream: '127.0.0.1:10', enabled: true, toxics: [] });
  });
  it('leaves proxies alone that it does not name', async () => {
    await populate([{ name: 'p', listen: at(0), upstream }]);
    await populate([{ name: 'q', listen: at(0), upstream }]);
    expect(await names()).toEqual(['p', 'q']);
  });
  it.each([
    [
      { name: 'ok', listen: at(0), upstream },
      { listen: at(0), upstream },
      'missing required field: name at proxy 2',
    ],
    [{ name: 'ok', listen: at(0), upstream }, { name: 'x' }, 'missing required field: upstream at proxy 2'],
  ])('creates nothing when an entry lacks a field', async (good, bad, error) => {
    expect(await populate([good, bad])).toEqual({
      status: 400,
      type: 'application/json',
      proxies: null,
      error,
    });
    expect(await names()).toEqual([]);
  });
  it('keeps the entries before one that cannot listen, and does not try those after it', async () => {
    const port = await freePort();
    const { status, type, proxies, error } = await populate([
      { name: 'p', listen: at(port), upstream },
      { name: 'q', listen: at(port), upstream },
      { name: 'r', listen: at(0), upstream },
    ]);
    expect({ status, type, error }).toEqual({
      status: 500,
      type: 'application/json',
      error: `listen tcp ${at(port)}: bind: address already in use`,
    });
    expect(proxies).toMatchObject([{ name: 'p' }]);
    expect(await names()).toEqual(['p']);
  });
  it('names a bad address without the prefix if the proxy exists, and leaves it as it is', async () => {
    await populate([{ name: 'p', listen: at(0), upstream }]);
    const before = await show('p');
    expect(await populate([{ name: 'p', listen: 'nonsense', upstream }])).toMatchObject({
      status: 500,
      error: 'address nonsense: missing port in address',
      proxies: null,
    });
    expect(await show('p')).toEqual(before);
  });
  it.each([
    ['', 'bad request body: EOF'],
    [
      '{}',
      expect.stringMatching(
        /^bad request body: json: cannot unmarshal object into Go value of type \[\]struct/,
      ),
    ],
    [
      '[1]',
      expect.stringMatching(/^bad request body: json: cannot unmarshal number into Go value of type struct/),
    ],
    ['[null]', 'missing required field: name at proxy 1'],
  ])('refuses %s as JSON', async (body, error) => {
    expect(await populate(body)).toEqual({ status: 400, type: 'application/json', proxies: null, error });
  });
}
