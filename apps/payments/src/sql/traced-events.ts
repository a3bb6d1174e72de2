import {
  eventsAndShards,
  insertPaymentsSql,
  insertReversalsSql,
  messages,
  paymentEvents,
  reversalEvents,
} from './payment-events.js';

// As the statements that write events, with what tells which trace each belongs to: in the headers of its message.

/** @param first the number of the first of three parameters: arrays of clients, their keys, and a `traceparent` or null */
const traced = (first: number) => `event
    JOIN unnest($${first}::text[], $${first + 1}::text[], $${first + 2}::text[])
         AS trace (client, idempotency_key, traceparent)
   USING (client, idempotency_key)`;
const withTrace = (headers: string) =>
  `${headers} || jsonb_strip_nulls(jsonb_build_object('traceparent', traceparent))`;

const insertTracedPaymentsSql = `
WITH ${paymentEvents}, ${messages(withTrace(`'{}'::jsonb`), traced(10))}
${eventsAndShards}`;

const insertTracedReversalsSql = `
WITH ${reversalEvents},
${messages(withTrace(`jsonb_build_object('causation', payment_id || '/payment.accepted')`), traced(6))}
${eventsAndShards}`;

/** What takes the place of each statement when something of the batch is traced. */
export const tracedSql: ReadonlyMap<string, string> = new Map([
  [insertPaymentsSql, insertTracedPaymentsSql],
  [insertReversalsSql, insertTracedReversalsSql],
]);
