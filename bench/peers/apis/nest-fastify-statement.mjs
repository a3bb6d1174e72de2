// One request, one statement: Nest and Fastify, and a prepared statement of `pg` that writes the payment and its outbox
// row. What a single client can have at best without batches; on the project's own tables.
import { FastifyAdapter } from '@nestjs/platform-fastify';
import pg from 'pg';
import { servePayments } from '../nest-payments-api.mjs';
import { client, makeProjectTables, newEvent, runId } from '../project-tables.mjs';
import { setting } from '../protocol.mjs';

const insert = {
  name: 'insert-payment-and-message',
  text: `
WITH payment AS (
  INSERT INTO payment_event (payment_id, type, message_id, client, idempotency_key, fingerprint, src, dest, amount_minor, currency)
  VALUES ($1, 'payment.accepted', $2, '${client}', $3, $4, $5, $6, $7, $8)
  RETURNING payment_id, message_id, type
)
INSERT INTO outbox_message (shard, message_id, run_id, type, key, payload)
SELECT $9, message_id, '${runId}', type, payment_id, $10 FROM payment`,
};

const databaseUrl = setting('BENCH_DB_URL');
await makeProjectTables(databaseUrl);
const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 });

await servePayments({
  adapter: new FastifyAdapter(),
  async accept(payment) {
    const event = newEvent(payment);
    const { paymentId, messageId, idempotencyKey, fingerprint, src, dest, amountMinor, currency } = event;
    const asked = [idempotencyKey, fingerprint, src, dest, amountMinor, currency];
    await pool.query({ ...insert, values: [paymentId, messageId, ...asked, event.shard, event.payload] });
    return paymentId;
  },
  close: () => pool.end(),
});
