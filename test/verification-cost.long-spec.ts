import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import {
  messagesBefore,
  markVerified,
  outboxEntities,
  relaySession,
  verificationOf,
} from '@paid-once/outbox';
import { postgresOptions } from '@paid-once/service';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { TestStack } from './support/test-stack.js';

jest.setTimeout(600_000);

const history = 1_000_000;
const figures: Record<string, string> = {};
let system: TestStack;
let payments: pg.Client;
let ledger: pg.Client;
let relay: DataSource;

// Measures what docs/decisions/0003 tells: run it alone, on a machine that does nothing else.
beforeAll(async () => {
  system = await TestStack.start();
  await system.stack.services.relay.stop(); // what is inserted here counts as published
  const { PAID_ONCE_PAYMENTS_ADMIN_DB_URL: paymentsUrl = '', PAID_ONCE_LEDGER_ADMIN_DB_URL: ledgerUrl = '' } =
    system.stack.env;
  payments = new pg.Client({ connectionString: paymentsUrl });
  ledger = new pg.Client({ connectionString: ledgerUrl });
  await Promise.all([payments.connect(), ledger.connect()]);
  const options = { url: paymentsUrl, process: 'relay', poolSize: 2, entities: outboxEntities };
  relay = await new DataSource(relaySession(postgresOptions(options))).initialize();
  for (let done = 0; done < history; done += 50_000) await addPayments(50_000);
  for (const db of [payments, ledger]) await db.query('VACUUM ANALYZE');
  await publishMarkers();
  for (let shard = 0; shard < 4; shard++) await verify(shard);
});
afterAll(async () => {
  process.stdout.write(`${JSON.stringify(figures, null, 1)}\n`);
  await relay.destroy();
  await Promise.all([payments.end(), ledger.end()]);
  await system.stop();
});

it('a shard without anything new costs two statements', async () => {
  const took = await times(50, () => verificationOf(relay, 0, 'relay'));
  figures['idle: one look at one shard, ms'] = spread(took);
});

it.each([1_000, 10_000, 100_000])('verifies %i messages behind a million', async (count) => {
  await addPayments(count);
  await publishMarkers();
  const startedAt = performance.now();
  const parts = [];
  for (let shard = 0; shard < 4; shard++) parts.push(await verify(shard));
  const tookMs = performance.now() - startedAt;
  const asked = sum(parts.map((part) => part.asked));
  expect(asked).toBe(count);
  figures[`${count} new messages`] = [
    `all in all ${tookMs.toFixed(0)} ms`,
    `per 1,000: payments' side ${(sum(parts.map(({ readMs }) => readMs)) / (asked / 1_000)).toFixed(2)} ms`,
    `ledger's side with HTTP ${(sum(parts.map(({ askMs }) => askMs)) / (asked / 1_000)).toFixed(2)} ms`,
    `${sum(parts.map(({ slices }) => slices))} slices`,
  ].join(', ');
});

it('digests of whole ledgers read every row each time', async () => {
  for (const side of ['payments', 'ledger'] as const) {
    const took = await times(5, async () => {
      const response = await fetch(`${system.stack.urls[side]}/digests`);
      expect((await response.text()).split('\n').length).toBeGreaterThan(1);
    });
    figures[`digest of ${side}, ms`] = spread(took);
  }
});

async function verify(
  shard: number,
): Promise<{ asked: number; slices: number; readMs: number; askMs: number }> {
  const cost = { asked: 0, slices: 0, readMs: 0, askMs: 0 };
  let at = performance.now();
  const lap = () => -at + (at = performance.now());
  const verification = await verificationOf(relay, shard, 'relay');
  const marker = verification.markers[0]!;
  for await (const slice of messagesBefore(relay, verification, marker, 1_000)) {
    cost.readMs += lap();
    cost.slices++;
    cost.asked += slice.length;
    if (slice.length > 0)
      expect(await unknown(slice.map(({ messageId }) => messageId))).toEqual({ unknown: [] });
    cost.askMs += lap();
  }
  await markVerified(relay, marker);
  cost.readMs += lap();
  return cost;
}

async function unknown(messageIds: string[]): Promise<unknown> {
  const response = await fetch(`${system.stack.urls.ledger}/inbox/unknown`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ messageIds }),
  });
  return response.json();
}

/** As if they had been accepted, published and posted. */
async function addPayments(count: number): Promise<void> {
  const { rows } = await payments.query<{ payment_id: string; message_id: string; shard: number }>(
    `WITH new AS MATERIALIZED (
       SELECT outbox_uuidv7() AS payment_id, outbox_uuidv7() AS message_id FROM generate_series(1, $1)
     ), event AS (
       INSERT INTO payment_event (payment_id, type, message_id, client, idempotency_key, fingerprint, src, dest, amount_minor, currency)
       SELECT payment_id, 'payment.accepted', message_id, '', payment_id::text, '\\x00', 'bianca', 'marc', 100, 'EUR' FROM new
     )
     INSERT INTO outbox_message (shard, message_id, run_id, type, key, payload)
     SELECT outbox_shard(payment_id::text), message_id, run_id, 'payment.accepted', payment_id::text, repeat('x', 200)
       FROM new, outbox_settings
     RETURNING key AS payment_id, message_id, shard`,
    [count],
  );
  const arrays = [
    rows.map((row) => row.payment_id),
    rows.map((row) => row.message_id),
    rows.map((row) => row.shard),
  ];
  await ledger.query(
    `WITH new AS MATERIALIZED (
       SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::smallint[]) AS new (payment_id, message_id, shard)
     ), seen AS (
       INSERT INTO inbox_message (message_id, body_hash) SELECT message_id, sha256(message_id::text::bytea) FROM new
     )
     INSERT INTO transfer (payment_id, kind, debit_account, credit_account, amount_minor, currency, message_id, shard)
     SELECT payment_id, 'payment', 'bianca', 'marc', 100, 'EUR', message_id, shard FROM new`,
    arrays,
  );
}

async function publishMarkers(): Promise<void> {
  await payments.query(
    `INSERT INTO outbox_marker (set_id, shard, base, published_at)
     SELECT gen_random_uuid(), shard, pg_current_snapshot(), clock_timestamp() FROM generate_series(0, 3) AS shard`,
  );
}

async function times(count: number, run: () => Promise<unknown>): Promise<number[]> {
  const took: number[] = [];
  for (let time = 0; time < count; time++) {
    const startedAt = performance.now();
    await run();
    took.push(performance.now() - startedAt);
  }
  return took.toSorted((a, b) => a - b);
}

function spread(took: number[]): string {
  const at = (share: number) => took[Math.floor((took.length - 1) * share)]?.toFixed(2);
  return `median ${at(0.5)}, from ${at(0)} to ${at(1)}`;
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
