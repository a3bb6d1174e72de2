// The limit the service is measured against: node:http without a framework, and group commit on the project's own tables.
// Requests that arrive while a batch is in flight share the next transaction. It is one statement: BEGIN, two INSERTs and
// COMMIT came out slower, in one pipeline of `pg` as in two, also for a lone request.
import { createServer } from 'node:http';
import pg from 'pg';
import { bigintArray, byteaArray, smallintArray, textArray, uuidArray } from '../binary-arrays.mjs';
import { acceptedPayment, readPayment } from '../payment-request.mjs';
import { client, makeProjectTables, newEvent, runId } from '../project-tables.mjs';
import { setting } from '../protocol.mjs';
import { serveUntilTerm } from '../service.mjs';

const lanes = 2;
const maxBatch = 200;

const insertPaymentsAndMessages = {
  name: 'insert-payments-and-messages',
  text: `
WITH new AS (
  SELECT *
    FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bytea[], $5::text[], $6::text[], $7::bigint[], $8::text[], $9::smallint[], $10::text[])
         AS new (payment_id, message_id, idempotency_key, fingerprint, src, dest, amount_minor, currency, shard, payload)
), payment AS (
  INSERT INTO payment_event (payment_id, type, message_id, client, idempotency_key, fingerprint, src, dest, amount_minor, currency)
  SELECT payment_id, 'payment.accepted', message_id, '${client}', idempotency_key, fingerprint, src, dest, amount_minor, currency
    FROM new
      ON CONFLICT (client, idempotency_key) DO NOTHING
  RETURNING payment_id
)
INSERT INTO outbox_message (shard, message_id, run_id, type, key, payload)
SELECT shard, message_id, '${runId}', 'payment.accepted', payment_id, payload
  FROM new
  JOIN payment USING (payment_id)`,
};

const recordedUnder = {
  name: 'recorded-under',
  text: `SELECT idempotency_key, payment_id FROM payment_event WHERE client = '${client}' AND idempotency_key = ANY($1::text[])`,
};

const databaseUrl = setting('BENCH_DB_URL');
await makeProjectTables(databaseUrl);
const idle = await Promise.all(
  Array.from({ length: lanes }, async () => {
    const lane = new pg.Client(databaseUrl);
    await lane.connect();
    return lane;
  }),
);
const waiting = [];
let flushing = false;

const server = createServer((request, response) => {
  if (request.method !== 'POST' || request.url !== '/payments') return answer(response, 404, {});
  let body = '';
  request.setEncoding('utf8');
  request.on('data', (part) => (body += part));
  request.on('end', () => receive(request, response, body));
});
server.listen(Number(setting('BENCH_PORT')), '127.0.0.1', () =>
  serveUntilTerm(() => server.closeAllConnections()),
);

function receive(request, response, body) {
  const payment = readPayment(request.headers['idempotency-key'], parsed(body));
  if (typeof payment === 'string') return answer(response, 400, { message: payment });
  waiting.push({ event: newEvent(payment), response });
  schedule();
}

// After the current burst of I/O, so that requests that were read together share a batch. No timer.
function schedule() {
  if (flushing || idle.length === 0 || waiting.length === 0) return;
  flushing = true;
  setImmediate(() => {
    flushing = false;
    void flush(idle.pop());
  });
}

async function flush(lane) {
  const batch = waiting.splice(0, maxBatch);
  schedule();
  try {
    const paymentIds = await commit(
      lane,
      batch.map(({ event }) => event),
    );
    batch.forEach(({ event, response }, index) =>
      answer(response, 201, acceptedPayment(event, paymentIds[index])),
    );
  } catch (error) {
    console.error(error);
    batch.forEach(({ response }) => answer(response, 500, {}));
  }
  idle.push(lane);
  schedule();
}

/** @returns the ids under which the payments are recorded, now or before */
async function commit(lane, events) {
  const column = (name) => events.map((event) => event[name]);
  const inserted = await lane.query({
    ...insertPaymentsAndMessages,
    values: [
      uuidArray(column('paymentId')),
      uuidArray(column('messageId')),
      textArray(column('idempotencyKey')),
      byteaArray(column('fingerprint')),
      textArray(column('src')),
      textArray(column('dest')),
      bigintArray(column('amountMinor')),
      textArray(column('currency')),
      smallintArray(column('shard')),
      textArray(column('payload')),
    ],
  });
  if (inserted.rowCount === events.length) return column('paymentId');
  const { rows } = await lane.query({ ...recordedUnder, values: [textArray(column('idempotencyKey'))] });
  const recorded = new Map(rows.map((row) => [row.idempotency_key, row.payment_id]));
  return events.map(({ idempotencyKey }) => recorded.get(idempotencyKey));
}

function answer(response, status, body) {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

function parsed(body) {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
