import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Markers } from './markers.js';

let server: Server;
let urls: { payments: string; ledger: string };
let answers: { publishedAt: string | null; arrived: string[]; deadLettersInBroker: number | null };
let sets: number;
/** Sets that payments knows no more. */
let unknown: string[];
/** Sets whose markers the broker has lost. */
let lost: string[];

beforeEach(async () => {
  sets = 0;
  [unknown, lost] = [[], []];
  answers = { publishedAt: '2026-11-22T09:00:00Z', arrived: ['m0', 'm1'], deadLettersInBroker: 0 };
  server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const json = (body: object) => response.end(JSON.stringify(body));
    if (pathname === '/outbox/markers') return json({ set: `set-${++sets}`, shards: 2 });
    const set = pathname.split('/')[3];
    if (set !== undefined && unknown.includes(set)) return response.writeHead(404).end();
    if (set !== undefined)
      return json({
        markers: ['m0', 'm1'].map((messageId, shard) => ({
          shard,
          messageId: lost.includes(set) ? 'lost' : messageId,
          publishedAt: answers.publishedAt,
        })),
      });
    return json(answers);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  urls = { payments: url, ledger: url };
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

describe('markers', () => {
  it('have arrived when the ledger has all of them and the broker keeps no dead letter', async () => {
    const markers = new Markers(urls);
    const hold = async (wrong: Partial<typeof answers>) => {
      const right = answers;
      answers = { ...answers, ...wrong };
      expect(await markers.look()).toBe(false); // in any case: it takes two looks
      await setTimeout(600);
      expect(await markers.look()).toBe(false);
      answers = right;
    };
    await hold({ publishedAt: null });
    await hold({ arrived: ['m1'] });
    await hold({ deadLettersInBroker: 3 });
    await hold({ deadLettersInBroker: null });
    expect([markers.arrived, sets]).toEqual([undefined, 1]);
    while (!(await markers.look())) await setTimeout(20);
    expect([markers.arrived, sets]).toEqual(['set-1', 1]);
    expect(await markers.look()).toBe(false);
    expect(sets).toBe(2); // what was published since then needs another
  });

  it('that the broker has lost are replaced, and the one that arrives first tells', async () => {
    lost = ['set-1', 'set-2'];
    const markers = new Markers(urls, 50);
    const untilArrived = AbortSignal.timeout(4_000);
    while (!(await markers.look()) && !untilArrived.aborted) await setTimeout(10);
    expect(markers.arrived).toBe('set-3');
  });

  it('are no more under way the longer it takes than patience allows, and none as long as they are not published', async () => {
    lost = Array.from({ length: 100 }, (_, index) => `set-${index + 1}`);
    const markers = new Markers(urls, 50);
    for (const publishedAt of [null, answers.publishedAt]) {
      answers.publishedAt = publishedAt;
      const until = performance.now() + 600;
      while (performance.now() < until) expect(await markers.look()).toBe(false);
      if (publishedAt === null) expect(sets).toBe(1);
    }
    expect(sets).toBeGreaterThan(1);
    expect(sets).toBeLessThanOrEqual(5); // after 50, 150, 350 ms; the next would be after 750
  });

  it('that payments knows no more, as after a reset, are asked for anew', async () => {
    unknown = ['set-1'];
    const markers = new Markers(urls);
    expect(await markers.look()).toBe(false);
    const untilArrived = AbortSignal.timeout(4_000);
    while (!(await markers.look()) && !untilArrived.aborted) await setTimeout(10);
    expect(markers.arrived).toBe('set-2');
  });

  it('begin to count anew when a dead letter shows up between two looks', async () => {
    const markers = new Markers(urls);
    expect(await markers.look()).toBe(false);
    answers.deadLettersInBroker = 1;
    expect(await markers.look()).toBe(false);
    await setTimeout(600);
    answers.deadLettersInBroker = 0;
    expect(await markers.look()).toBe(false);
  });

  it('never arrive where a side does not answer, and that is no failure', async () => {
    const markers = new Markers({ ...urls, payments: 'http://127.0.0.1:9' });
    expect(await markers.look()).toBe(false);
    expect(markers.arrived).toBeUndefined();
  });
});
