import { randomUUID } from 'node:crypto';
import type { TestStack } from './test-stack.js';

const portion = 50_000;

/** Payments and their messages as the service writes them, many at once: what an outage of hours leaves behind. */
export async function addPaymentsBySql(system: Pick<TestStack, 'sql'>, count: number): Promise<void> {
  for (let done = 0; done < count; done += portion)
    await system.sql('payments', addSql, [Math.min(portion, count - done), randomUUID()]);
}

const addSql = `
WITH event AS (
  INSERT INTO payment_event
         (payment_id, type, client, idempotency_key, fingerprint, src, dest, amount_minor, currency)
  SELECT outbox_uuidv7(), 'payment.accepted', 'bulk', $2 || '-' || number, '\\x00', 'bianca', 'marc', 100, 'EUR'
    FROM generate_series(1, $1::int) AS number
  RETURNING payment_id, type, message_id
)
INSERT INTO outbox_message (shard, message_id, run_id, type, key, payload)
SELECT outbox_shard(payment_id::text), message_id, (SELECT run_id FROM outbox_settings), type, payment_id::text,
       json_build_object('paymentId', payment_id, 'src', 'bianca', 'dest', 'marc', 'amountMinor', '100', 'currency', 'EUR',
                         'reference', NULL)::text
  FROM event
 ORDER BY payment_id`;
