import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import {
  requestMarkers,
  requestRedrive,
  requestReplay,
  wakeRelays,
  type NewMessage,
} from '@paid-once/outbox';
import { RelayRig } from './test/relay-rig.js';

jest.setTimeout(30_000);

const who = { by: 'ann', why: 'it is put right' };
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
    reference: null,
  }),
});

describe('the relay', () => {
  let rig: RelayRig;
  let app: NestFastifyApplication;
  beforeEach(async () => {
    rig = await RelayRig.create(process.env);
    app = await rig.start();
  });
  afterEach(() => rig.stop());

  const keys = () => rig.deliveries.map(({ headers }) => headers['key']);
  const dead = () =>
    rig.database.query<{ key: string; reason: string; detail: string }[]>(
      'SELECT key, reason, detail FROM outbox_dead_letter ORDER BY id',
    );

  it('C8: parks a row that cannot be written as a message, with its reason, and the others pass', async () => {
    await rig.enqueue(payment(1)); // the channel is open
    await eventually(() => expect(keys()).toEqual([paymentId(1)]));
    await rig.database.transaction(async (tx) => {
      for (const [index, values] of [
        [2, { payload: 'no JSON' }],
        [3, { payload: '{"paymentId":"nonsense"}' }],
        [4, { createdAt: '294276-01-01' }], // a time that no Date can be
        [5, { createdAt: 'infinity' }],
        [6, { headers: '[["a"], null]' }], // no names, but a message all the same
      ] as [number, { payload?: string; createdAt?: string; headers?: string }][])
        await tx.query(
          `INSERT INTO outbox_message (shard, run_id, type, key, headers, payload, created_at)
           SELECT outbox_shard($1), run_id, 'payment.accepted', $1, $2, $3, $4 FROM outbox_settings`,
          [
            paymentId(index),
            values.headers ?? '{}',
            values.payload ?? payment(index).payload,
            values.createdAt ?? 'now',
          ],
        );
    });
    await rig.enqueue(...Array.from({ length: 40 }, (_, index) => payment(100 + index)));
    const good = [6, ...Array.from({ length: 40 }, (_, index) => 100 + index)].map(paymentId);
    await eventually(() => expect(keys()).toEqual(expect.arrayContaining(good)));
    await eventually(async () => expect(await dead()).toHaveLength(4));
    expect(await dead()).toEqual([
      { key: paymentId(2), reason: 'invalid', detail: 'the payload is not JSON' },
      { key: paymentId(3), reason: 'invalid', detail: expect.stringContaining('paymentId') },
      { key: paymentId(4), reason: 'invalid', detail: 'created_at' },
      { key: paymentId(5), reason: 'invalid', detail: 'created_at' },
    ]);
  });

  it('D15: parks a message that the protocol cannot carry, and its channel stays as it was', async () => {
    await rig.enqueue(payment(1));
    await eventually(() => expect(keys()).toEqual([paymentId(1)]));
    const huge = { ...payment(2), headers: { tracestate: 'x'.repeat(200_000) } };
    await rig.enqueue(payment(3), huge, { type: 't'.repeat(300), key: 'long', payload: '{}' }, payment(4));
    await eventually(() => expect(new Set(keys())).toEqual(new Set([1, 3, 4].map(paymentId))));
    await eventually(async () => expect(await dead()).toHaveLength(2));
    expect(await dead()).toEqual([
      { key: paymentId(2), reason: 'too-big', detail: expect.any(String) },
      { key: 'long', reason: 'unencodable', detail: expect.any(String) },
    ]);
    expect((await app.inject('/health/ready')).statusCode).toBe(200);
  });

  it('sends markers, replays and redrives with the rights that setup gives it', async () => {
    const { shards } = await requestMarkers(rig.database);
    await rig.enqueue(payment(1));
    await eventually(() =>
      expect(rig.deliveries.filter(({ type }) => type === 'outbox.marker')).toHaveLength(shards),
    );
    expect(rig.deliveries.find(({ type }) => type === 'outbox.marker')).toMatchObject({
      messageId: expect.any(String),
      queue: expect.stringMatching(/^ledger\.payments\.\d$/),
      headers: { key: expect.any(String), run: expect.any(String), schemaversion: 1 },
    });
    await eventually(() => expect(keys()).toContain(paymentId(1)));
    await requestReplay(rig.database, { keys: [paymentId(1)] }, who);
    wakeRelays(rig.database);
    await eventually(() => expect(keys().filter((key) => key === paymentId(1))).toHaveLength(2));

    await rig.enqueue({ ...payment(2), payload: 'no JSON' });
    await eventually(async () => expect(await dead()).toHaveLength(1));
    await rig.database.query('UPDATE outbox_message SET payload = $1 WHERE key = $2', [
      payment(2).payload,
      paymentId(2),
    ]);
    await requestRedrive(rig.database, { all: true }, who);
    wakeRelays(rig.database);
    await eventually(() => expect(keys()).toContain(paymentId(2)));
    await eventually(async () => expect(await dead()).toEqual([]));
  });
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
