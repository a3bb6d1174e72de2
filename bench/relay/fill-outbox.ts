import type { Client } from 'pg';

const rowsPerTransaction = 200;

/**
 * Writes outbox rows as payments does, many to a transaction, spread over the first `shards` shards.
 * @param atATime rows in one transaction
 */
export async function fillOutbox(
  payments: Client,
  rows: number,
  { shards = 4, atATime = rowsPerTransaction }: { shards?: number; atATime?: number } = {},
): Promise<void> {
  await payments.query('SET synchronous_commit = off'); // of the filling only
  const insert = insertMessages({ from: 'first', to: `least(first + ${atATime}, ${rows}) - 1`, shards });
  await payments.query(`
    DO $$
    DECLARE first int;
    BEGIN
      FOR first IN SELECT generate_series(0, ${rows - 1}, ${atATime}) LOOP
        ${insert};
        COMMIT;
      END LOOP;
    END $$`);
  await payments.query('SET synchronous_commit = on');
}

/** As a statement: the messages numbered `from` … `to`, both given as SQL. */
export function insertMessages({ from, to, shards }: { from: string; to: string; shards: number }): string {
  return `
        INSERT INTO outbox_message (shard, message_id, run_id, type, key, payload)
        SELECT i % ${shards}, outbox_uuidv7(), run_id, 'payment.accepted', made.id::text,
               '{"paymentId":"' || made.id || '","src":"account-' || i % 1000 || '","dest":"account-' || (i + 1) % 1000
               || '","amountMinor":"' || 1 + i % 1000 || '","currency":"EUR","reference":null}'
          FROM outbox_settings
         CROSS JOIN LATERAL (
               SELECT i, outbox_uuidv7() AS id
                 FROM generate_series(${from}, ${to}) AS i) AS made`;
}

/** As if the relay had published all there is: each shard's window is closed at what is visible now. */
export async function markPublished(payments: Client): Promise<void> {
  await payments.query(`
    INSERT INTO outbox_progress (shard, seq, epoch, base, after_id)
    SELECT shard, max(seq) + 1, max(epoch), pg_current_snapshot(), (SELECT coalesce(max(id), 0) FROM outbox_message)
      FROM outbox_progress
     GROUP BY shard`);
}

/** As if the relay had published nothing yet. */
export async function markUnpublished(payments: Client): Promise<void> {
  await payments.query(`
    INSERT INTO outbox_progress (shard, seq, epoch, base, after_id)
    SELECT shard, max(seq) + 1, max(epoch), '3:3:', 0
      FROM outbox_progress
     GROUP BY shard`);
}
