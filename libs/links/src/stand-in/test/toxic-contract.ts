import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { asProxy, callerOf, type Answer, type Call, type ShownProxy } from './api-client.js';
import type { Subject } from './subjects.js';

/** The HTTP API of toxics; what they do to bytes is in `toxic-effects.ts`. */
export function toxicContract(subject: Subject): void {
  let call: Call;
  let stop: () => Promise<void>;

  beforeAll(async () => {
    const running = await subject.start();
    call = callerOf(running.url);
    stop = running.stop;
  });
  afterAll(() => stop());
  beforeEach(async () => {
    await call('POST', '/proxies', { name: 'p', listen: '127.0.0.1:0', upstream: '127.0.0.1:9' });
  });
  afterEach(async () => {
    await call('DELETE', '/proxies/p');
  });

  const add = (toxic: unknown) => call('POST', '/proxies/p/toxics', toxic);
  const list = async (): Promise<ShownProxy['toxics']> =>
    JSON.parse((await call('GET', '/proxies/p/toxics')).text);
  const refused = (answer: Answer, status: number, error: string) => {
    expect(answer.text).toBe(`${JSON.stringify({ error, status })}\n`);
    expect(answer).toMatchObject({ status, type: 'text/plain; charset=utf-8' });
  };

  it('lists none as an empty array', async () => {
    expect(await call('GET', '/proxies/p/toxics')).toMatchObject({
      status: 200,
      type: 'application/json',
      text: '[]',
    });
  });
  it('answers 200 with every default filled in', async () => {
    expect(await add({ type: 'latency', attributes: { latency: 100, more: 1 } })).toMatchObject({
      status: 200,
      type: 'application/json',
      text: '{"attributes":{"latency":100,"jitter":0},"name":"latency_downstream","type":"latency","stream":"downstream","toxicity":1}',
    });
  });
  it.each([
    ['bandwidth', { rate: 0 }],
    ['latency', { latency: 0, jitter: 0 }],
    ['limit_data', { bytes: 0 }],
    ['noop', {}],
    ['reset_peer', { timeout: 0 }],
    ['slicer', { average_size: 1, size_variation: 0, delay: 0 }],
    ['slow_close', { delay: 0 }],
    ['timeout', { timeout: 0 }],
  ])('knows %s', async (type, attributes) => {
    const answer = await add({ type, attributes: type === 'slicer' ? { average_size: 1 } : {} });
    expect(JSON.parse(answer.text)).toMatchObject({ type, attributes, toxicity: 1 });
    expect(JSON.parse((await call('GET', `/proxies/p/toxics/${type}_downstream`)).text)).toMatchObject({
      type,
    });
  });
  it('shows the upstream toxics first, then the downstream ones, each in the order they came', async () => {
    for (const [name, stream] of Object.entries({
      a: 'downstream',
      b: 'upstream',
      c: 'downstream',
      d: 'upstream',
    }))
      await add({ name, stream, type: 'noop' });
    expect((await list()).map(({ name }) => name)).toEqual(['b', 'd', 'a', 'c']);
    expect(asProxy(await call('GET', '/proxies/p')).toxics).toEqual(await list());
  });
  it('takes a stream in any case and echoes it as sent', async () => {
    expect(JSON.parse((await add({ type: 'latency', stream: 'UPSTREAM' })).text)).toMatchObject({
      name: 'latency_UPSTREAM',
      stream: 'UPSTREAM',
    });
  });
  it('takes a toxicity', async () => {
    expect(JSON.parse((await add({ type: 'latency', toxicity: 0.2 })).text)).toMatchObject({ toxicity: 0.2 });
  });
  it('checks the stream before the type', async () => {
    refused(
      await add({ type: 'nope', stream: 'sideways' }),
      400,
      'stream was invalid, can be either upstream or downstream',
    );
    refused(await add({ type: 'Latency' }), 400, 'invalid toxic type');
    refused(await add({}), 400, 'invalid toxic type');
    refused(await add(''), 400, 'bad request body: EOF');
  });
  it('takes a name once for both streams', async () => {
    await add({ name: 't', type: 'latency' });
    refused(await add({ name: 't', type: 'bandwidth', stream: 'upstream' }), 409, 'toxic already exists');
    await add({ type: 'latency', stream: 'upstream' });
    refused(await add({ type: 'latency', stream: 'upstream' }), 409, 'toxic already exists');
    expect(await list()).toHaveLength(2);
  });
  it.each(['"100"', '1.5', 'true', '[1]'])('refuses the attribute %s', async (value) => {
    const answer = await add(`{"type":"latency","attributes":{"latency":${value}}}`);
    expect(answer).toMatchObject({
      status: 400,
      text: expect.stringContaining('bad request body: json: cannot unmarshal'),
    });
    expect(await list()).toEqual([]);
  });
  it.each(['PATCH', 'POST'])('%s merges toxicity and attributes and ignores all else', async (method) => {
    await add({ name: 't', type: 'latency', attributes: { latency: 100, jitter: 10 } });
    const answer = await call(method, '/proxies/p/toxics/t', {
      name: 'u',
      type: 'noop',
      stream: 'upstream',
      toxicity: 0.5,
      attributes: { latency: 1 },
    });
    const changed = {
      name: 't',
      type: 'latency',
      stream: 'downstream',
      toxicity: 0.5,
      attributes: { latency: 1, jitter: 10 },
    };
    expect({ status: answer.status, toxic: JSON.parse(answer.text) }).toEqual({
      status: 200,
      toxic: changed,
    });
    await call(method, '/proxies/p/toxics/t', { attributes: { jitter: 2 } });
    expect(await list()).toEqual([{ ...changed, attributes: { latency: 1, jitter: 2 } }]);
  });
  it('keeps toxics when the proxy is cut, healed or moved', async () => {
    await add({ type: 'latency' });
    await call('PATCH', '/proxies/p', { enabled: false });
    await call('PATCH', '/proxies/p', { enabled: true, upstream: '127.0.0.1:10' });
    expect(await list()).toHaveLength(1);
  });
  it('removes a toxic once', async () => {
    await add({ name: 't', type: 'latency' });
    expect(await call('DELETE', '/proxies/p/toxics/t')).toMatchObject({ status: 204, text: '' });
    refused(await call('DELETE', '/proxies/p/toxics/t'), 404, 'toxic not found');
    refused(await call('GET', '/proxies/p/toxics/t'), 404, 'toxic not found');
    refused(await call('PATCH', '/proxies/p/toxics/t', {}), 404, 'toxic not found');
  });
  it('knows no toxics of an unknown proxy', async () => {
    for (const [method, path] of [
      ['GET', '/proxies/x/toxics'],
      ['POST', '/proxies/x/toxics'],
      ['GET', '/proxies/x/toxics/t'],
      ['PATCH', '/proxies/x/toxics/t'],
      ['DELETE', '/proxies/x/toxics/t'],
    ] as const)
      refused(await call(method, path), 404, 'proxy not found');
  });

  if (subject.isOriginal) return; // it takes these, and the first two end its process
  describe('refuses what cannot be meant', () => {
    it.each([
      [{ type: 'bandwidth', attributes: { rate: -1 } }, 'rate must not be negative'],
      [{ type: 'slicer', attributes: { average_size: 0 } }, 'average_size must be at least 1'],
      [
        { type: 'slicer', attributes: { average_size: 2, size_variation: 2 } },
        'size_variation must be less than average_size',
      ],
      [{ type: 'slicer', attributes: { average_size: 2, delay: -1 } }, 'delay must not be negative'],
      [{ type: 'latency', attributes: { latency: -1 } }, 'latency must not be negative'],
      [{ type: 'latency', attributes: { jitter: -1 } }, 'jitter must not be negative'],
      [{ type: 'timeout', attributes: { timeout: -1 } }, 'timeout must not be negative'],
      [{ type: 'reset_peer', attributes: { timeout: -1 } }, 'timeout must not be negative'],
      [{ type: 'slow_close', attributes: { delay: -1 } }, 'delay must not be negative'],
      [{ type: 'limit_data', attributes: { bytes: -1 } }, 'bytes must not be negative'],
      [{ type: 'latency', toxicity: 7 }, 'toxicity must be from 0 to 1'],
      [{ type: 'latency', toxicity: -0.1 }, 'toxicity must be from 0 to 1'],
    ])('%j', async (toxic, reason) => {
      refused(await add(toxic), 400, `bad request body: ${reason}`);
      expect(await list()).toEqual([]);
    });
    it('in an update, which then changes nothing', async () => {
      await add({ name: 't', type: 'bandwidth', attributes: { rate: 5 } });
      refused(
        await call('PATCH', '/proxies/p/toxics/t', { toxicity: 0, attributes: { rate: -1 } }),
        400,
        'bad request body: rate must not be negative',
      );
      expect(await list()).toMatchObject([{ toxicity: 1, attributes: { rate: 5 } }]);
    });
  });
}
