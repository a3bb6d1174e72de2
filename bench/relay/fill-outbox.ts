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
  await payments.query(`
    DO $$
    BEGIN
      FOR part IN 0 .. ${Math.ceil(rows / atATime)} - 1 LOOP
        INSERT INTO outbox_message (shard, message_id, run_id, type, key, payload)
        SELECT i % ${shards}, outbox_uuidv7(), run_id, 'payment.accepted', made.id::text,
               '{"paymentId":"' || made.id || '","src":"account-' || i % 1000 || '","dest":"account-' || (i + 1) % 1000
               || '","amountMinor":"' || 1 + i % 1000 || '","currency":"EUR","reference":null}'
          FROM outbox_settings
         CROSS JOIN LATERAL (
               SELECT i, outbox_uuidv7() AS id
                 FROM generate_series(part * ${atATime}, least((part + 1) * ${atATime}, ${rows}) - 1) AS i) AS made;
        COMMIT;
      END LOOP;
    END $$`);
  await payments.query('SET synchronous_commit = on');
}

/** As if the relay had published all there is: each shard's window is closed at what is visible now. */
export async function markPublished(payments: Client): Promise<void> {
  await payments.query(`
    INSERT INTO outbox_progress (shard, seq, epoch, base, after_id)
    SELECT shard, max(seq) + 1, max(epoch), pg_current_snapshot(), (SELECT coalesce(max(id), 0) FROM outbox_message)
      FROM outbox_progress
     GROUP BY shard`);
}
