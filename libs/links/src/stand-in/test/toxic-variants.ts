import { describe, expect, it } from '@jest/globals';
import { effectsRig } from './effects-rig.js';
import type { Subject } from './subjects.js';

/** The rest of Toxiproxy's own cases: every direction, size and combination that its suite names. */
export function toxicVariants(subject: Subject): void {
  const { call, add, remove, change, pair, warmPair, between } = effectsRig(subject);

  describe('latency', () => {
    it.each([
      { streams: ['upstream'], there: 150, back: 0 },
      { streams: ['downstream'], there: 0, back: 150 },
      { streams: ['upstream', 'downstream'], there: 150, back: 150 },
    ])('on $streams delays there by $there and back by $back ms', async ({ streams, there, back }) => {
      const { client, server } = await warmPair();
      for (const stream of streams) await add('latency', { latency: 150 }, { name: stream, stream });
      let sentMs = performance.now();
      client.send('x');
      await server.until(({ text }) => text === '?x');
      between(sentMs, server.pieces.at(-1)?.atMs, there);
      sentMs = performance.now();
      server.send('y');
      await client.until(({ text }) => text === '!y');
      between(sentMs, client.pieces.at(-1)?.atMs, back);
    });
    it('of 0 ms is none', async () => {
      const { client, server } = await warmPair();
      await add('latency', { latency: 0 });
      server.send('x');
      await client.until(({ text }) => text === '!x');
    });
    it('adds up with bandwidth', async () => {
      const { client, server } = await warmPair();
      await add('latency', { latency: 100 });
      await add('bandwidth', { rate: 1 });
      const sentMs = performance.now();
      server.send('x'.repeat(200));
      await client.until(({ receivedBytes }) => receivedBytes === 201);
      between(sentMs, client.pieces.at(-1)?.atMs, 300);
    });
    it('passes the end on after what was sent before it', async () => {
      const { client, server } = await warmPair();
      await add('latency', { latency: 100 });
      const endMs = performance.now();
      server.socket.end('bye');
      await client.until(({ ended }) => ended);
      expect(client.text).toBe('!bye');
      between(endMs, client.endedAtMs, 100);
    });
  });

  describe('limit_data', () => {
    it.each([
      ['a smaller chunk and a bigger one', ['ab', 'cdefgh'], 5, 'abcde'],
      ['a chunk of just that size', ['abcde'], 5, 'abcde'],
      ['a chunk that is bigger', ['abcdefgh'], 5, 'abcde'],
      ['many chunks', ['a', 'b', 'c', 'd', 'e', 'f'], 5, 'abcde'],
    ])('cuts %s at the byte', async (_, chunks, bytes, passed) => {
      const { client, server } = await warmPair();
      await add('limit_data', { bytes });
      for (const [index, chunk] of chunks.entries()) {
        server.send(chunk);
        const arrived = Math.min(chunks.slice(0, index + 1).join('').length, bytes);
        await client.until(({ receivedBytes }) => receivedBytes === arrived + 1);
        if (arrived === bytes) break;
      }
      await client.until(({ over }) => over);
      await server.until(({ over }) => over);
      expect(client.text).toBe(`!${passed}`);
    });
    it('lets a connection go that is shorter', async () => {
      const { client, server } = await warmPair();
      await add('limit_data', { bytes: 100 });
      server.socket.end('bye');
      await client.until(({ ended }) => ended);
      expect(client.text).toBe('!bye');
    });
    it('counts from anew when it is put there again', async () => {
      const { client, server } = await warmPair();
      await add('limit_data', { bytes: 3 });
      server.send('ab');
      await client.until(({ text }) => text === '!ab');
      await remove('limit_data');
      await add('limit_data', { bytes: 3 });
      server.send('cdef');
      await client.until(({ over }) => over);
      expect(client.text).toBe('!abcde');
    });
    it('closes at the next byte when it is lowered below what has passed', async () => {
      const { client, server } = await warmPair();
      await add('limit_data', { bytes: 100 });
      server.send('abc');
      await client.until(({ text }) => text === '!abc');
      await change('limit_data', { attributes: { bytes: 2 } });
      server.send('d');
      await client.until(({ over }) => over);
      expect(client.text).toBe('!abc');
    });
  });

  describe('reset_peer', () => {
    it.each([0, 150])(
      'downstream lets the request through and resets at the answer, %d ms late',
      async (timeout) => {
        await add('reset_peer', { timeout });
        const { client, server } = await pair();
        client.send('request');
        await server.until(({ text }) => text === 'request');
        const sentMs = performance.now();
        server.send('answer');
        await client.until(({ closed }) => closed !== undefined);
        await server.until(({ closed }) => closed !== undefined);
        between(sentMs, client.endedAtMs, timeout);
        expect([client.closed, server.closed, client.text]).toEqual(['ECONNRESET', 'ECONNRESET', '']);
      },
    );
    it('never resets a connection that says nothing', async () => {
      await add('reset_peer', {}, { stream: 'upstream' });
      const { client, server } = await pair();
      server.send('greeting');
      await client.until(({ text }) => text === 'greeting');
      expect(client.over || server.over).toBe(false);
    });
  });

  it('slicer with a variation passes everything, in order', async () => {
    const { client, server } = await warmPair();
    await add('slicer', { average_size: 1_024, size_variation: 512, delay: 1 });
    const sent = Buffer.alloc(100_000, '0123456789 paid once. ');
    server.socket.write(sent);
    await client.until(({ receivedBytes }) => receivedBytes === sent.length + 1);
    expect(client.received.subarray(1).equals(sent)).toBe(true);
  });

  describe('toxicity', () => {
    it('touches some connections and spares the others', async () => {
      await add('limit_data', { bytes: 0 }, { toxicity: 0.5 });
      let closed = 0;
      for (let connection = 0; connection < 60; connection++) {
        const { client, server } = await pair();
        server.send('x');
        await client.until(({ over, text }) => over || text === 'x');
        if (client.over) closed++;
      }
      // Outside of this once in a hundred thousand runs.
      expect(closed).toBeGreaterThan(12);
      expect(closed).toBeLessThan(48);
    });
    it('is drawn once for a connection, not for each chunk', async () => {
      await add('latency', { latency: 60_000 }, { toxicity: 0.5 });
      for (let spared = 0; spared < 5;) {
        const { client, server } = await pair();
        server.send('0');
        client.send('?');
        await server.until(({ text }) => text === '?');
        // Held back, or not there yet: either way the next connection will do.
        if (client.text === '') continue;
        spared++;
        for (let chunk = 1; chunk < 10; chunk++) {
          server.send(String(chunk));
          await client.until(({ text }) => text.length === chunk + 1);
        }
      }
    });
  });

  it('a toxic can be removed from a connection whose client is gone', async () => {
    const { client, server } = await warmPair();
    await add('bandwidth', { rate: 0 });
    server.send('stalled');
    client.socket.resetAndDestroy();
    expect(await remove('bandwidth')).toMatchObject({ status: 204 });
    await server.until(({ over }) => over);
    expect(await call('GET', '/proxies/p/toxics')).toMatchObject({ text: '[]' });
    await warmPair();
  });

  it('a connection lives through toxics that come, change and go, request after request', async () => {
    const { client, server } = await warmPair();
    await add('noop', {}, { stream: 'upstream' });
    for (let request = 0; request < 20; request++) {
      const asked = client.received.length;
      if (request % 4 === 0) await add('latency', { latency: request });
      if (request % 4 === 2) await change('latency', { attributes: { latency: 0 } });
      if (request % 4 === 3) await remove('latency');
      client.send('q');
      await server.until(({ receivedBytes }) => receivedBytes === asked + 1);
      server.send('a');
      await client.until(({ receivedBytes }) => receivedBytes === asked + 1);
    }
    expect(client.over || server.over).toBe(false);
  });
}
