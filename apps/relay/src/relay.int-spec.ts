import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { cloudEvent, isUuidV7, paymentEventData } from '@paid-once/contracts';
import type { NewMessage } from '@paid-once/outbox';
import { expectCommitted } from '../../../test/support/committed-contract.js';
import { RelayRig } from './test/relay-rig.js';

jest.setTimeout(30_000);

const paymentId = (index: number) => `01920000-0000-7000-8000-${String(index).padStart(12, '0')}`;
const payment = (index: number): NewMessage => ({
  type: 'payment.accepted',
  key: paymentId(index),
  payload: JSON.stringify({
    paymentId: paymentId(index),
    src: 'bianca',
    dest: 'marc',
    amountMinor: '100',
    currency: 'EUR',
    reference: 'Käse "2"',
  }),
});
const reversal = (index: number): NewMessage => ({
  ...payment(index),
  type: 'payment.reversed',
  headers: { causation: `${paymentId(index)}/payment.accepted` },
});

describe('the relay', () => {
  let rig: RelayRig;
  beforeEach(async () => {
    rig = await RelayRig.create(process.env);
  });
  afterEach(() => rig.stop());

  const ready = (app: NestFastifyApplication) => app.inject('/health/ready');
  const status = async (app: NestFastifyApplication) =>
    (await app.inject('/status')).json<{
      published: number;
      ownedShards: number[];
      outbox: { pending: number; deadLetters: number };
    }>();

  it('is described as it is served', async () => {
    await expectCommitted(await rig.start(), 'relay');
  });

  it('publishes a payment and its reversal as CloudEvents, in order, with the least rights', async () => {
    const app = await rig.start();
    await eventually(async () => expect((await ready(app)).statusCode).toBe(200));
    await rig.enqueue(payment(1));
    await rig.enqueue(reversal(1));
    await eventually(() => expect(rig.deliveries).toHaveLength(2));
    const [accepted, reversed] = rig.deliveries;
    const [{ run_id: runId } = { run_id: '' }] = await rig.database.query<{ run_id: string }[]>(
      'SELECT run_id FROM outbox_settings',
    );
    expect(accepted).toMatchObject({
      type: 'payment.accepted',
      contentType: 'application/cloudevents+json',
      headers: { key: paymentId(1), run: runId, schemaversion: 1 },
    });
    expect(reversed).toMatchObject({
      type: 'payment.reversed',
      headers: { key: paymentId(1), causation: `${paymentId(1)}/payment.accepted` },
    });
    const event = cloudEvent.parse(JSON.parse(String(accepted?.body)));
    expect(event).toMatchObject({ id: accepted?.messageId, source: '/payments', subject: paymentId(1) });
    expect(isUuidV7(event.id)).toBe(true);
    expect(paymentEventData.parse(event.data)).toEqual(JSON.parse(payment(1).payload));
    await eventually(async () =>
      expect(await status(app)).toMatchObject({
        published: 2,
        ownedShards: [0, 1, 2, 3],
        outbox: { pending: 0 },
      }),
    );
  }, 30_000);

  it('H4: starts and waits while RabbitMQ is away, says so, and counts nothing against a message', async () => {
    const app = await rig.start({ amqpPort: '1' });
    await rig.enqueue(payment(1), payment(2));
    await eventually(async () => expect((await status(app)).ownedShards).toHaveLength(4));
    expect((await app.inject('/health/live')).statusCode).toBe(200);
    const answer = await ready(app);
    expect(answer.statusCode).toBe(503);
    expect(answer.json()).toMatchObject({
      error: { broker: { status: 'down' } },
      info: { database: { status: 'up' } },
    });
    expect(await status(app)).toMatchObject({ published: 0, outbox: { pending: 2, deadLetters: 0 } });
    await app.close();
    await rig.start();
    await eventually(() => expect(rig.deliveries).toHaveLength(2));
  }, 30_000);

  it('H4: starts and waits while Postgres is away', async () => {
    const app = await rig.start({ databasePort: '1' });
    expect((await app.inject('/health/live')).statusCode).toBe(200);
    expect((await ready(app)).statusCode).toBe(503);
    // Whose key this is, only the database could tell.
    const status = await app.inject('/status');
    expect([status.statusCode, status.json<{ type: string }>().type]).toEqual([
      503,
      '/problems/temporarily-unavailable',
    ]);
  }, 30_000);

  it('D8: keeps a message that no queue takes, is unready and says why, and delivers it when one does', async () => {
    await rig.setRoutable(false);
    const app = await rig.start();
    await rig.enqueue(payment(1), payment(2));
    await eventually(async () => expect((await status(app)).ownedShards).toHaveLength(4));
    await eventually(async () =>
      expect(await status(app)).toMatchObject({ published: 0, outbox: { pending: 2 } }),
    );
    await eventually(async () => {
      const answer = await ready(app);
      expect(answer.statusCode).toBe(503);
      expect(answer.json()).toMatchObject({
        error: { publishing: { status: 'down', message: expect.stringMatching(/No queue takes/) } },
      });
    });
    await rig.setRoutable(true);
    await eventually(() => expect(new Set(rig.deliveries.map(({ messageId }) => messageId)).size).toBe(2));
    await eventually(async () =>
      expect(await status(app)).toMatchObject({ outbox: { pending: 0, deadLetters: 0 } }),
    );
    await eventually(async () => expect((await ready(app)).statusCode).toBe(200));
  }, 30_000);

  it('moves out of the way what can never be sent, with its reversal, and goes on with the rest', async () => {
    const app = await rig.start();
    const poison = { ...payment(1), payload: '{"paymentId":"nonsense"}' };
    const huge = { ...payment(2), headers: { tracestate: 'x'.repeat(200_000) } };
    await rig.enqueue(poison, huge, payment(3), reversal(1));
    await eventually(() =>
      expect(rig.deliveries.map(({ headers }) => headers['key'])).toContain(paymentId(3)),
    );
    await eventually(async () =>
      expect(await status(app)).toMatchObject({ outbox: { pending: 0, deadLetters: 3 } }),
    );
    const dead = await rig.database.query<{ key: string; reason: string }[]>(
      'SELECT key, reason FROM outbox_dead_letter ORDER BY id',
    );
    expect(dead.map(({ key }) => key)).toEqual([paymentId(1), paymentId(2), paymentId(1)]);
    expect(dead.map(({ reason }) => reason)).toEqual(['invalid', 'too-big', 'behind']);
    expect(rig.deliveries.filter(({ headers }) => headers['key'] !== paymentId(3))).toEqual([]);
  }, 30_000);
});

async function eventually(check: () => Promise<void> | void, withinMs = 15_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
