// As naive, by hand: Nest and Fastify, a prepared statement of `pg` inserts the payment, and there is no outbox.
import { FastifyAdapter } from '@nestjs/platform-fastify';
import pg from 'pg';
import { servePayments } from '../nest-payments-api.mjs';
import { setting } from '../protocol.mjs';
import { makeUsualTables } from '../usual-tables.mjs';

const databaseUrl = setting('BENCH_DB_URL');
await makeUsualTables(databaseUrl);
const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 });
const insert = {
  name: 'insert-payment',
  text: `INSERT INTO payment (idempotency_key, src, dest, amount_minor, currency) VALUES ($1, $2, $3, $4, $5) RETURNING id`,
};

await servePayments({
  adapter: new FastifyAdapter(),
  async accept({ idempotencyKey, src, dest, amountMinor, currency }) {
    const { rows } = await pool.query({
      ...insert,
      values: [idempotencyKey, src, dest, amountMinor, currency],
    });
    return rows[0].id;
  },
  close: () => pool.end(),
});
