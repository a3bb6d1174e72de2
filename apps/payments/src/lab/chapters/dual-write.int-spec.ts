import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { AddressInfo } from 'node:net';
import { compare } from '@paid-once/compare';
import { cloudEvent, messageHeaders, uuidV7TimeMs } from '@paid-once/contracts';
import { BrokerRig } from '../../../test/broker-rig.js';
import { startFakeLedger } from '../../../test/fake-ledger.js';
import { PaymentsDatabase, startPayments } from '../../../test/payments-app.js';
import { DualWrite } from './dual-write.js';

jest.setTimeout(60_000);

let ledger: Awaited<ReturnType<typeof startFakeLedger>>;
let broker: BrokerRig;
let database: PaymentsDatabase;
let app: NestFastifyApplication;

beforeAll(async () => {
  ledger = await startFakeLedger();
  broker = await BrokerRig.create();
  database = await PaymentsDatabase.create({ lab: true });
  app = await startPayments(database, { lab: true, ledgerUrl: ledger.url, amqpUrl: broker.amqpUrl });
});
afterAll(async () => {
  await app.close();
  await broker.drop();
  await database.drop();
  await ledger.stop();
});
afterEach(async () => {
  await broker.links.healAll();
});

async function pay(): Promise<string> {
  const answer = await app.inject({
    method: 'POST',
    url: '/payments',
    payload: { src: 'bianca', dest: 'marc', amount: '1.00', reference: 'run/1' },
  });
  expect(answer.statusCode).toBe(201);
  const { id } = answer.json<{ id: string }>();
  expect(answer.headers.location).toBe(`/payments/${id}`);
  return id;
}

async function switchTo(chapter: number): Promise<void> {
  const answer = await app.inject({ method: 'PUT', url: '/lab/chapter', payload: { chapter } });
  expect(answer.statusCode).toBe(200);
}

const delivered = (id: string) =>
  broker.delivered.filter(({ headers }) => headers[messageHeaders.key] === id);
const deliveredSoon = (id: string) => eventually(() => delivered(id).length === 1);

describe('chapter 1', () => {
  it('writes no outbox row, and its message reaches the queue as the relay’s would', async () => {
    await switchTo(1);
    const id = await pay();
    await deliveredSoon(id);
    expect([await database.count('payment_event'), await database.count('outbox_message')]).toEqual([1, 0]);
    const [row] = await database.rows(
      'SELECT message_id, outbox_shard(payment_id::text) AS shard FROM payment_event WHERE payment_id = $1',
      [id],
    );
    const [message] = delivered(id);
    expect(message).toMatchObject({
      queue: `ledger.payments.${String(row?.shard)}`,
      messageId: row?.message_id,
      type: 'payment.accepted',
      contentType: 'application/cloudevents+json',
      headers: { key: id, run: database.runId, schemaversion: 1 },
    });
    const body = cloudEvent.parse(JSON.parse(String(message?.body)));
    expect(body).toMatchObject({
      id: row?.message_id,
      source: '/payments',
      subject: id,
      data: {
        paymentId: id,
        src: 'bianca',
        dest: 'marc',
        amountMinor: '100',
        currency: 'EUR',
        reference: 'run/1',
      },
    });
    expect(Math.abs(Date.parse(body.time) - uuidV7TimeMs(id))).toBeLessThan(10_000);
  });

  it('publishes a reversal as the successor of its payment', async () => {
    await switchTo(1);
    const id = await pay();
    await deliveredSoon(id);
    const answer = await app.inject({ method: 'POST', url: `/payments/${id}/reversal`, payload: {} });
    expect(answer.statusCode).toBe(201);
    await eventually(() => delivered(id).length === 2);
    expect(delivered(id)[1]).toMatchObject({
      type: 'payment.reversed',
      headers: { causation: `${id}/payment.accepted` },
    });
    expect(await database.count('outbox_message')).toBe(0);
  });

  it('answers 201 while the broker is away, and the message never comes, not even after the link is healed', async () => {
    await switchTo(1);
    await deliveredSoon(await pay());
    await broker.links.break('payments-rabbitmq');
    const lost = await pay();
    await broker.links.heal('payments-rabbitmq');
    const later: string[] = [];
    await eventually(async () => later.push(await pay()) > 0 && later.some((id) => delivered(id).length > 0));
    expect(delivered(lost)).toEqual([]);
    expect((await app.inject(`/payments/${lost}`)).json()).toMatchObject({ status: 'accepted' });
  });

  it('has its payments compared as published and not posted: nothing is called missing, or safe in the outbox', async () => {
    await database.rows('TRUNCATE payment_event');
    await switchTo(1);
    await broker.links.break('payments-rabbitmq');
    await pay();
    await app.listen({ port: 0, host: '127.0.0.1' });
    const server = app.getHttpServer();
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { agree, breaks } = await compare({ payments: url, ledger: ledger.url });
    const found = Object.entries(breaks).filter(([, { count }]) => count > 0);
    expect([agree, found]).toEqual([
      false,
      [['inBroker', { count: 1, totals: { EUR: '1.00' }, oldestSeconds: expect.any(Number) }]],
    ]);
  });

  it('writes nothing by its rules once another is in the database, though its process has not seen it yet', async () => {
    await switchTo(4);
    const before = await database.count('payment_event');
    const payment = { src: 'bianca', dest: 'marc', amountMinor: 100n, currency: 'EUR', reference: null };
    const from = { client: 'anonymous', idempotencyKey: 'late' };
    const late = app.get(DualWrite).accept({ kind: 'pay', ...from, ...payment });
    await expect(late).rejects.toMatchObject({
      status: 503,
      detail: expect.stringContaining('Nothing was paid'),
    });
    expect(await database.count('payment_event')).toBe(before);
  });

  it('is the only one in which payments is connected to the broker', async () => {
    await switchTo(1);
    await eventually(async () => (await broker.connections(broker.paymentsUser)) === 1);
    await switchTo(2);
    await eventually(async () => (await broker.connections(broker.paymentsUser)) === 0);
    const before = broker.delivered.length;
    await pay();
    expect(await database.count('outbox_message')).toBe(1);
    expect(broker.delivered).toHaveLength(before);
  });
});

async function eventually(condition: () => boolean | Promise<boolean>): Promise<void> {
  const until = performance.now() + 20_000;
  while (!(await condition())) {
    if (performance.now() > until) throw new Error(`never came true: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
