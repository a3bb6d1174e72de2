import { get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { fastify, type FastifyInstance } from 'fastify';
import { sendNdjson } from './ndjson.js';

describe('an answer of many pages', () => {
  let server: FastifyInstance;
  let ended: Promise<number>;

  beforeEach(async () => {
    server = fastify();
    ended = new Promise((resolve) => {
      server.get('/endless', (_request, reply) => sendNdjson(reply, endlessPages(resolve)));
    });
    server.get('/three', (_request, reply) => sendNdjson(reply, threePages()));
    await server.listen({ port: 0, host: '127.0.0.1' });
  });
  afterEach(() => server.close());

  it('is one object a line', async () => {
    expect((await server.inject('/three')).body).toBe('{"page":1}\n{"page":1}\n{"page":3}\n');
  });

  it('reads no further page when its client has gone away', async () => {
    const { port } = server.server.address() as AddressInfo;
    const request = get({ host: '127.0.0.1', port, path: '/endless' }, (response) => {
      response.once('data', () => request.destroy());
    });
    request.on('error', () => {});
    expect(await ended).toBeGreaterThan(0);
  });

  it('is not read ahead of its client by more than what the connection holds', async () => {
    const { port } = server.server.address() as AddressInfo;
    const pages = await new Promise<number>((resolve, reject) => {
      const request = get({ host: '127.0.0.1', port, path: '/endless' }, (response) => {
        response.once('data', () => {
          response.pause(); // the client takes nothing more; what it does not take, is not made
          let last = -1;
          const timer = setInterval(() => {
            if (made !== last) return void (last = made);
            clearInterval(timer);
            request.destroy();
            resolve(made);
          }, 100);
        });
      });
      request.on('error', reject);
    });
    await ended;
    expect(pages).toBeLessThan(2_000); // of 10 kB each
  });
});

let made = 0;

async function* endlessPages(ended: (pages: number) => void): AsyncGenerator<object[]> {
  made = 0;
  try {
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      made++;
      yield [{ page: made, filling: 'x'.repeat(10_000) }];
    }
  } finally {
    ended(made);
  }
}

async function* threePages(): AsyncGenerator<object[]> {
  await Promise.resolve();
  yield [{ page: 1 }, { page: 1 }];
  yield [];
  yield [{ page: 3 }];
}
