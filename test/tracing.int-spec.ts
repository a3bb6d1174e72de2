import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { eventually, TestStack } from './support/test-stack.js';
import { TraceCollector, type CollectedSpan } from './support/trace-collector.js';

jest.setTimeout(90_000);

let collector: TraceCollector;
let system: TestStack;
beforeAll(async () => {
  collector = await TraceCollector.start();
  const traced = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
  system = await TestStack.start({ env: { payments: traced, relay: traced, ledger: traced } });
});
afterAll(async () => {
  await system?.stop();
  await collector?.stop();
});

const traceIdOf = (index: number) => `0af7651916cd43dd8448eb211c80${String(index).padStart(4, '0')}`;
const parentSpan = 'b7ad6b7169203331';

/** Pays as a client that is traced itself. */
async function pay(index: number, { path = '', sampled = true } = {}): Promise<string> {
  const response = await fetch(`${system.stack.urls.payments}/payments${path}`, {
    method: 'POST',
    headers: {
      ...(path === '' && { 'content-type': 'application/json' }),
      'idempotency-key': `traced-${index}${path}`,
      traceparent: `00-${traceIdOf(index)}-${parentSpan}-0${sampled ? 1 : 0}`,
    },
    ...(path === '' && { body: JSON.stringify({ src: 'bianca', dest: 'marc', amount: '1.00' }) }),
  });
  expect(response.status).toBe(201);
  return ((await response.json()) as { id: string }).id;
}

const services = ['payments', 'relay', 'ledger'];
const isWhole = (index: number) => {
  const seen = new Set(collector.ofTrace(traceIdOf(index)).map(({ service }) => service));
  return services.every((service) => seen.has(service));
};
const only = (spans: CollectedSpan[], service: string) => {
  const found = spans.filter((span) => span.service === service);
  expect(found).toHaveLength(1);
  return found[0]!;
};

describe('one trace', () => {
  it('goes from the request over outbox, relay and broker to the transfer', async () => {
    const id = await pay(1);
    await eventually(() => isWhole(1), 'all three services have told of it');
    const spans = collector.ofTrace(traceIdOf(1));
    const [request, publish, process] = services.map((service) => only(spans, service));
    expect(request).toMatchObject({
      name: 'POST /payments',
      kind: 2,
      parentSpanId: parentSpan,
      attributes: { 'http.request.method': 'POST', 'http.route': '/payments' },
    });
    expect(publish).toMatchObject({
      name: 'publish payments',
      kind: 4,
      parentSpanId: request?.spanId,
      attributes: {
        'messaging.system': 'rabbitmq',
        'messaging.operation.type': 'send',
        'messaging.rabbitmq.destination.routing_key': expect.stringMatching(/^payment\.accepted\.\d$/),
        'paid_once.payment.id': id,
      },
    });
    expect(process).toMatchObject({
      kind: 5,
      parentSpanId: request?.spanId,
      attributes: {
        'messaging.operation.type': 'process',
        'messaging.message.id': publish?.attributes['messaging.message.id'],
        'messaging.destination.name': expect.stringMatching(/^ledger\.payments\.\d$/),
        'paid_once.payment.id': id,
      },
    });
  });

  it('of many payments in one batch each has its own, and the batch is linked to all of them', async () => {
    await system.stack.links.breakWith('relay-rabbitmq', { kind: 'cut' });
    const indexes = Array.from({ length: 200 }, (_, index) => 100 + index);
    await Promise.all(indexes.map((index) => pay(index)));
    await system.stack.links.healAll();
    await eventually(() => indexes.every(isWhole), 'all traces are whole');
    const batches = collector.spans.filter(
      ({ service, attributes }) =>
        service === 'relay' && attributes['messaging.batch.message_count'] !== undefined,
    );
    const linked = batches
      .filter(({ isError }) => !isError)
      .flatMap(({ links }) => links.map(({ traceId }) => traceId));
    expect(linked).toEqual(expect.arrayContaining(indexes.map(traceIdOf)));
    for (const index of indexes) {
      const published = collector
        .ofTrace(traceIdOf(index))
        .filter(({ service, isError }) => service === 'relay' && !isError);
      const batchIds = new Set(batches.map(({ spanId }) => spanId));
      expect(published.some(({ links }) => links.some(({ spanId }) => batchIds.has(spanId)))).toBe(true);
    }
  });

  it('of a reversal is its own, and its message still says what it must follow', async () => {
    const id = await pay(2);
    await pay(3, { path: `/${id}/reversal` });
    await eventually(() => isWhole(3), 'the reversal’s trace is whole');
    const [row] = await system.sql<{ headers: Record<string, string> }>(
      'payments',
      `SELECT headers FROM outbox_message WHERE key = '${id}' AND type = 'payment.reversed'`,
    );
    expect(row?.headers).toEqual({
      causation: `${id}/payment.accepted`,
      traceparent: expect.stringMatching(new RegExp(`^00-${traceIdOf(3)}-[0-9a-f]{16}-01$`)),
    });
  });

  it('that its client did not want to be kept is not kept, and the payment is posted all the same', async () => {
    const before = await system.transfersPosted();
    await pay(4, { sampled: false });
    await eventually(async () => (await system.transfersPosted()) === before + 1, 'it is posted');
    await pay(5);
    await eventually(() => isWhole(5), 'a later one is whole');
    expect(collector.ofTrace(traceIdOf(4))).toEqual([]);
  });
});
