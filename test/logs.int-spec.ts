import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { freePorts } from '@paid-once/infrastructure';
import { eventually, TestStack } from './support/test-stack.js';
import { TraceCollector } from './support/trace-collector.js';

jest.setTimeout(90_000);

/** Nowhere else: where these stand in a log, they were taken from a payment. */
const secretAmount = '734512.19';
const secretMinor = 73_451_219;
const secretKey = 'key-of-a-client-7c1f';
const traceId = '0af7651916cd43dd8448eb211c80319c';

const services = ['payments', 'relay', 'ledger'];

let system: TestStack;
let collectorPort: number;
beforeAll(async () => {
  [collectorPort = 0] = await freePorts(1);
  const traced = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collectorPort}` }; // nobody is there
  system = await TestStack.start({ env: { payments: traced, relay: traced, ledger: traced } });
});
afterAll(() => system?.stop());

interface Line {
  service: string;
  level: string;
  message: unknown;
  context?: string;
  requestId?: string;
  traceId?: string;
  messageId?: string;
  paymentId?: string;
}

/** Of the services. @throws SyntaxError one is no JSON */
function lines(): Line[] {
  return system.logged.flatMap((line) => {
    const [service = ''] = line.split(' ', 1);
    if (!services.includes(service)) return [];
    return [{ ...(JSON.parse(line.slice(service.length + 1)) as Line), service }];
  });
}
const line = (service: string, says: RegExp) =>
  lines().find((each) => each.service === service && says.test(String(each.message)));

function pay(amount: string, key: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${system.stack.urls.payments}/payments`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': key, ...headers },
    body: JSON.stringify({ src: 'bianca', dest: 'marc', amount }),
  });
}

/** From now on the table takes the secret amount no more: Postgres says so with the whole row in its detail. */
async function refuseSecret(side: 'payments' | 'ledger', table: string): Promise<() => Promise<unknown>> {
  await system.sql(
    side,
    `ALTER TABLE ${table} ADD CONSTRAINT injected CHECK (amount_minor <> ${secretMinor}) NOT VALID`,
  );
  return () => system.sql(side, `ALTER TABLE ${table} DROP CONSTRAINT injected`);
}

describe('the log', () => {
  it('names the request that failed by a bug, as its client can: X-Request-Id, and its trace', async () => {
    const allow = await refuseSecret('payments', 'payment_event');
    const traceparent = `00-${traceId}-b7ad6b7169203331-01`;
    const answer = await pay(secretAmount, secretKey, { traceparent });
    await allow();
    expect(answer.status).toBe(500);
    const failed = line('payments', /violates check constraint "injected"/);
    expect(failed).toMatchObject({ level: 'error', requestId: answer.headers.get('x-request-id'), traceId });
    expect(failed?.requestId).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('names the message that was set aside, its payment and its trace', async () => {
    const allow = await refuseSecret('ledger', 'transfer');
    const traceparent = `00-${traceId}-b7ad6b7169203331-01`;
    const answer = await pay(secretAmount, secretKey, { traceparent });
    const { id } = (await answer.json()) as { id: string };
    await eventually(() => line('ledger', /is parked as invalid/) !== undefined, 'it is parked');
    await allow();
    const [parked] = await system.sql<{ message_id: string }>(
      'ledger',
      'SELECT message_id FROM parked_message',
    );
    expect(line('ledger', /is parked as invalid/)).toMatchObject({
      level: 'warn',
      messageId: parked?.message_id,
      paymentId: id,
      traceId,
    });
  });

  it('is told once that no collector takes the traces, and once that one does', async () => {
    const said = (says: RegExp) =>
      lines().filter((each) => each.service === 'payments' && says.test(String(each.message))).length;
    const begins = /waiting for the collector of traces at 127\.0\.0\.1:\d+: /;
    await eventually(() => said(begins) > 0, 'it is told');
    expect((await pay('1.00', 'untroubled')).status).toBe(201);
    const collector = await TraceCollector.start(collectorPort);
    try {
      const ends = /the collector of traces at 127\.0\.0\.1:\d+ is back after/;
      await eventually(async () => {
        await pay('1.00', crypto.randomUUID());
        return said(ends) > 0;
      }, 'it is told that it is over');
      expect([said(begins), said(ends)]).toEqual([1, 1]);
    } finally {
      await collector.stop();
    }
  });

  it('never tells an amount or an idempotency key, whatever is refused, set aside or breaks', async () => {
    expect((await pay(secretAmount, secretKey)).status).toBe(208);
    expect((await pay('1.00', secretKey)).status).toBe(422); // another request under its key
    expect((await pay(`-${secretAmount}`, secretKey)).status).toBe(422);
    expect((await pay(`${secretAmount}"`, secretKey)).status).toBe(422);
    expect((await pay(secretAmount, `${secretKey}\u00e9`)).status).toBe(400);
    await system.stack.links.break('payments-postgres');
    expect((await pay(secretAmount, `${secretKey}-2`)).status).toBe(503);
    await system.stack.links.healAll();
    await eventually(
      () => line('payments', /waiting for Postgres to take payments/) !== undefined,
      'it is told',
    );
    const told = system.logged.filter((each) => services.includes(each.split(' ', 1)[0] ?? ''));
    expect(told.length).toBeGreaterThan(10);
    for (const secret of [secretKey, secretAmount, String(secretMinor)])
      expect(told.filter((each) => each.includes(secret))).toEqual([]);
  });

  it('is JSON, a line each, with level and time', () => {
    for (const each of lines())
      expect(each).toMatchObject({
        level: expect.stringMatching(/^(log|warn|error|fatal)$/),
        timestamp: expect.any(Number),
        message: expect.anything(),
      });
  });
});
