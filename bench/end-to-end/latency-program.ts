// How long a payment takes from POST until its transfer can be read: new payments at a steady rate, and somebody who looks
// for their transfers every millisecond while one is missing.
import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { Client } from 'pg';
import { environment } from '../rig/environment.js';
import { percentile } from '../rig/numbers.js';
import { readyAndGo } from '../rig/program.js';

const perSecond = 50;
const payments = Number(environment('BENCH_PAYMENTS'));
const url = environment('BENCH_URL');
const authorization = `Bearer ${environment('BENCH_API_KEY')}`;
const agent = new Agent({ keepAlive: true, maxSockets: 32 });
const ledger = new Client({ connectionString: environment('BENCH_LEDGER_DB_URL') });
await ledger.connect();

await readyAndGo(async () => {
  const waiting = new Map<string, number>();
  const answeredMs: number[] = [];
  const postedMs: number[] = [];
  const start = performance.now();
  const sending = Array.from({ length: payments }, async (_, n) => {
    await new Promise((resolve) => setTimeout(resolve, (n * 1_000) / perSecond));
    const sent = performance.now();
    const id = await pay(n);
    answeredMs.push(performance.now() - sent);
    waiting.set(id, sent);
  });
  while (answeredMs.length < payments || waiting.size > 0) {
    await new Promise((resolve) => setTimeout(resolve, 1)); // without a pause it would take a core for itself
    const ids = [...waiting.keys()];
    if (ids.length === 0) continue;
    const { rows } = await ledger.query<{ payment_id: string }>({
      name: 'posted',
      text: 'SELECT payment_id FROM transfer WHERE payment_id = ANY($1::uuid[])',
      values: [ids],
    });
    const seen = performance.now();
    for (const { payment_id: id } of rows) {
      postedMs.push(seen - (waiting.get(id) ?? NaN));
      waiting.delete(id);
    }
  }
  await Promise.all(sending);
  return {
    payments,
    seconds: (performance.now() - start) / 1_000,
    p50Ms: percentile(postedMs, 0.5),
    p99Ms: percentile(postedMs, 0.99),
    answeredP50Ms: percentile(answeredMs, 0.5),
    answeredP99Ms: percentile(answeredMs, 0.99),
  };
});

function pay(n: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const headers = { 'content-type': 'application/json', 'idempotency-key': randomUUID(), authorization };
  const sending = request(`${url}/payments`, { method: 'POST', agent, headers }, (response) => {
    let body = '';
    response.on('data', (chunk: Buffer) => (body += chunk.toString()));
    response.on('end', () =>
      response.statusCode === 201
        ? resolve((JSON.parse(body) as { id: string }).id)
        : reject(new Error(`${response.statusCode}: ${body}`)),
    );
  });
  sending.on('error', reject);
  sending.end(JSON.stringify({ src: `account-${n}`, dest: `account-${n + 1}`, amount: '1.00' }));
  return promise;
}
