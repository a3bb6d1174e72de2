import { describe, expect, it } from '@jest/globals';
import { effectsRig } from './effects-rig.js';
import type { Subject } from './subjects.js';

/** What toxics do to the bytes of a connection. Times are lower bounds first: a busy machine is only ever late. */
export function toxicEffects(subject: Subject): void {
  const { call, add, remove, change, pair, warmPair, between } = effectsRig(subject);

  describe('timeout', () => {
    it('0 downstream loses the answer: the request got there, the client waits', async () => {
      const { client, server } = await warmPair();
      await add('timeout', { timeout: 0 });
      client.send('COMMIT');
      await server.until(({ text }) => text === '?COMMIT');
      server.send('done');
      // What is sent upstream after it proves that the answer had its time.
      client.send('x');
      await server.until(({ text }) => text === '?COMMITx');
      expect(client.text).toBe('!');
      expect(client.over).toBe(false);
    });
    it('closes every connection of the proxy when it is removed, those that toxicity spared too', async () => {
      const { client, server } = await warmPair();
      await add('timeout', { timeout: 0 }, { toxicity: 0 });
      server.send('spared');
      await client.until(({ text }) => text === '!spared');
      await remove('timeout');
      await client.until(({ over }) => over);
      await server.until(({ over }) => over);
    });
    it('closes after silence, and every chunk starts the clock again', async () => {
      const { client, server } = await warmPair();
      await add('timeout', { timeout: 1_500 }, { stream: 'upstream' });
      let lastMs = 0;
      for (let i = 0; i < 6; i++) {
        lastMs = performance.now();
        client.send('dropped');
        await new Promise((resolve) => setTimeout(resolve, 300)); // the rhythm is what is tested
      }
      await server.until(({ over }) => over);
      between(lastMs, server.endedAtMs, 1_500);
      expect(server.text).toBe('?');
      await client.until(({ over }) => over);
    });
    it('is ended by reset', async () => {
      const { client } = await warmPair();
      await add('timeout', { timeout: 0 });
      await call('POST', '/reset');
      await client.until(({ over }) => over);
    });
    it('lets the end of the direction through', async () => {
      const { client, server } = await warmPair();
      await add('timeout', { timeout: 0 }, { stream: 'upstream' });
      client.socket.end('dropped');
      await server.until(({ over }) => over);
      expect(server.text).toBe('?');
    });
  });

  describe('latency', () => {
    it('delays each chunk from when it arrived, so that throughput is kept', async () => {
      const { client, server } = await pair();
      await add('latency', { latency: 200 });
      const sentMs: number[] = [];
      for (const text of 'abcdefgh') {
        sentMs.push(performance.now());
        server.send(text);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      await client.until(({ text }) => text === 'abcdefgh');
      for (const [index, piece] of client.pieces.entries()) between(sentMs[index] ?? 0, piece.atMs, 200);
    });
    it('adds up with another one', async () => {
      const { client, server } = await warmPair();
      await add('latency', { latency: 100 });
      await add('latency', { latency: 100 }, { name: 'second' });
      const sentMs = performance.now();
      server.send('down');
      await client.until(({ text }) => text === '!down');
      between(sentMs, client.pieces.at(-1)?.atMs, 200);
    });
    it('keeps the order whatever the jitter', async () => {
      const { client, server } = await warmPair();
      await add('latency', { latency: 20, jitter: 20 });
      const sent = Array.from({ length: 100 }, (_, index) => `${index},`);
      for (const text of sent) {
        server.send(text);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await client.until(({ text }) => text.length > sent.join('').length);
      expect(client.text).toBe(`!${sent.join('')}`);
    });
    it.each([
      ['removed', () => remove('latency')],
      ['reset', () => call('POST', '/reset')],
    ])('lets waiting data go at once when it is %s, and loses none of it', async (_, undo) => {
      const { client, server } = await warmPair();
      await add('latency', { latency: 60_000 });
      await add('noop'); // its neighbour must not be disturbed
      server.send('waiting');
      client.send('sent after it');
      await server.until(({ text }) => text === '?sent after it');
      await undo();
      await client.until(({ text }) => text === '!waiting');
      server.send(', next');
      await client.until(({ text }) => text === '!waiting, next');
    });
    it('lets waiting data go when a toxic comes behind it', async () => {
      const { client, server } = await warmPair();
      await add('latency', { latency: 60_000 });
      server.send('waiting');
      // The bytes may still be on their way when the first one comes.
      for (let index = 0; index < 200 && client.text === '!'; index++) {
        await add('noop');
        await remove('noop');
      }
      expect(client.text).toBe('!waiting');
    });
    it('is changed while it runs', async () => {
      const { client, server } = await warmPair();
      await add('latency', { latency: 60_000 });
      await change('latency', { attributes: { latency: 1 } });
      server.send('x');
      await client.until(({ text }) => text === '!x');
    });
  });

  it('no data is dropped while toxics come and go', async () => {
    const { client, server } = await warmPair();
    const sent = Buffer.alloc(3_000_000, '0123456789 paid once. ');
    server.socket.write(sent);
    for (let round = 0; round < 10; round++) {
      await add('latency', { latency: 2, jitter: 1 });
      await add('slicer', { average_size: 4096, size_variation: 100 });
      await add('bandwidth', { rate: 50_000 });
      await change('latency', { attributes: { latency: round } });
      for (const name of ['slicer', 'latency', 'bandwidth']) await remove(name);
    }
    await client.until(({ receivedBytes }) => receivedBytes === sent.length + 1);
    expect(client.received.subarray(1).equals(sent)).toBe(true);
  });

  describe('bandwidth', () => {
    it('passes a slice each 100 ms', async () => {
      const { client, server } = await warmPair();
      await add('bandwidth', { rate: 1 });
      const sentMs = performance.now();
      server.send('x'.repeat(500));
      await client.until(({ text }) => text.length === 501);
      between(sentMs, client.pieces.at(-1)?.atMs, 500);
      expect(client.pieces.slice(1).map(({ data }) => data.length)).toEqual([100, 100, 100, 100, 100]);
    });
    it('0 stalls until it is removed, and then the data arrives', async () => {
      const { client, server } = await warmPair();
      await add('bandwidth', { rate: 0 });
      server.send('stalled');
      client.send('x');
      await server.until(({ text }) => text === '?x');
      expect(client.text).toBe('!');
      await remove('bandwidth');
      await client.until(({ text }) => text === '!stalled');
    });
  });

  it('slow_close passes data at once and the end late', async () => {
    const { client, server } = await warmPair();
    await add('slow_close', { delay: 200 });
    const endMs = performance.now();
    server.socket.end('bye');
    await client.until(({ text }) => text === '!bye');
    await client.until(({ over }) => over);
    between(endMs, client.endedAtMs, 200);
  });

  describe('reset_peer', () => {
    it('resets a connection opened after it, once a chunk came', async () => {
      await add('reset_peer', { timeout: 100 }, { stream: 'upstream' });
      const { client, server } = await pair();
      const sentMs = performance.now();
      client.send('x');
      await client.until(({ closed }) => closed !== undefined);
      await server.until(({ closed }) => closed !== undefined);
      expect({ client: client.closed, server: server.closed }).toEqual({
        client: 'ECONNRESET',
        server: 'ECONNRESET',
      });
      between(sentMs, client.endedAtMs, 100);
      expect(server.text).toBe('');
    });
    it('closes an older connection with FIN', async () => {
      const { client, server } = await warmPair();
      await add('reset_peer', {}, { stream: 'upstream' });
      client.send('x');
      await server.until(({ over }) => over);
      expect(server).toMatchObject({ ended: true, text: '?' });
    });
  });

  it('slicer cuts a chunk in halves until they are short enough', async () => {
    const { client, server } = await warmPair();
    await add('slicer', { average_size: 2, size_variation: 0, delay: 30_000 });
    server.send('abcdef');
    await client.until(({ text }) => text === '!abcdef');
    expect(client.pieces.slice(1).map(({ data }) => data.toString())).toEqual(['a', 'bc', 'd', 'ef']);
  });

  describe('limit_data', () => {
    it('passes exactly that many bytes and closes', async () => {
      const { client, server } = await warmPair();
      await add('limit_data', { bytes: 5 });
      server.send('abc');
      await client.until(({ text }) => text === '!abc');
      await change('limit_data', { attributes: { bytes: 5 } }); // an update goes on counting
      server.send('defgh');
      await client.until(({ over }) => over);
      expect(client.text).toBe('!abcde');
      await server.until(({ over }) => over);
    });
    it('0 closes at the first chunk, not before', async () => {
      const { client, server } = await warmPair();
      await add('limit_data', { bytes: 0 });
      client.send('still there');
      await server.until(({ text }) => text === '?still there');
      expect(client.over).toBe(false);
      server.send('x');
      await client.until(({ over }) => over);
      expect(client.text).toBe('!');
    });
  });
}
