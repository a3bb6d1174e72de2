import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { eventually, TestStack } from './support/test-stack.js';

jest.setTimeout(120_000);

const rows = 150;
const resetPeer = { type: 'reset_peer', toxicity: 0.3, attributes: { timeout: 1 } };

let system: TestStack;

beforeAll(async () => {
  system = await TestStack.start();
});
afterAll(() => system.stop());

/**
 * The simple clients of a course on delivery semantics, which know this system by its URLs only: one new connection for each
 * request, no limits, no pauses, an old name of the key's header, and Toxiproxy by its HTTP API.
 */
describe.each([
  { chapter: 1, amount: 1, keys: false, retries: false },
  { chapter: 2, amount: 1, keys: false, retries: true },
  { chapter: 3, amount: '1', keys: true, retries: true },
  { chapter: 4, amount: '1', keys: true, retries: true },
])('the simple client of chapter $chapter', ({ chapter, amount, keys, retries }) => {
  let paymentsCount: number;
  let ledgerCount: number;

  beforeAll(async () => {
    const { payments, link, toxiproxy } = system.stack.urls;
    await call('PUT', `${payments}/lab/chapter`, { chapter });
    expect(await call('DELETE', `${payments}/payments/`)).toBe(204);
    const listen = `0.0.0.0:${new URL(link).port}`;
    const proxy = { name: 'payment', listen, upstream: 'payment:8080', enabled: true };
    expect(await call('POST', `${toxiproxy}/populate`, [proxy])).toBe(201);
    const toxics = `${toxiproxy}/proxies/payment/toxics`;
    for (const stream of ['upstream', 'downstream'])
      expect(await call('POST', toxics, { name: `reset-peer-${stream}`, stream, ...resetPeer })).toBe(200);

    for (let row = 0; row < rows; row++) {
      const headers: Record<string, string> = keys ? { 'Payment-Idempotence-Key': randomUUID() } : {};
      const pay = () => call('POST', `${link}/payments/`, { src: 'bianca', dest: 'marc', amount }, headers);
      for (let paid = false; !paid;) paid = (await pay().then(isSuccess, () => false)) || !retries;
    }

    expect(await call('POST', `${toxiproxy}/reset`)).toBe(204);
    [paymentsCount, ledgerCount] = await countsAtRest();
  });

  if (chapter === 1)
    it('pays too little', () => {
      expect(paymentsCount).toBeGreaterThan(rows / 3);
      expect(paymentsCount).toBeLessThan(rows);
    });
  if (chapter === 2 || chapter === 3) it('pays too much', () => expect(paymentsCount).toBeGreaterThan(rows));
  if (chapter > 1)
    it('loses nothing on the way to the ledger', () =>
      expect(ledgerCount).toBeGreaterThanOrEqual(paymentsCount));
  if (chapter === 4)
    it('pays exactly once, on both sides', () => expect([paymentsCount, ledgerCount]).toEqual([rows, rows]));
});

/** Both counts, once nothing is on its way any more. */
async function countsAtRest(): Promise<[number, number]> {
  await eventually(async () => {
    const { breaks } = await system.compare();
    return breaks.inOutbox.count + breaks.inBroker.count === 0;
  }, 'nothing is on its way');
  const counts: number[] = [];
  for (const side of ['payments', 'ledger'] as const) {
    const { count } = (await system.stats(side)) as { count: number };
    counts.push(count);
  }
  const [payments = 0, ledger = 0] = counts;
  return [payments, ledger];
}

const isSuccess = (status: number): boolean => status >= 200 && status < 300;

/** @returns the status @throws what happened to the connection */
function call(
  method: string,
  url: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<number> {
  return new Promise((resolve, reject) => {
    const json = body === undefined ? undefined : JSON.stringify(body);
    const length =
      json === undefined ? {} : { 'content-type': 'application/json', 'content-length': json.length };
    const sent = request(url, { method, agent: false, headers: { ...headers, ...length } }, (response) => {
      response.on('error', reject).on('end', () => resolve(response.statusCode ?? 0));
      response.resume();
    });
    sent.on('error', reject).end(json);
  });
}
