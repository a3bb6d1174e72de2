import { eventName } from '@paid-once/contracts';
import type { Message } from '@paid-once/inbox';
import { bigintArray, prepared, smallintArray, textArray, uuidArray } from '@paid-once/service';
import type { EntityManager } from 'typeorm';
import type { PaymentEvent } from './read-event.js';

export interface PostedTransfer {
  payment_id: string;
  kind: 'payment' | 'reversal';
  debit_account: string;
  credit_account: string;
  amount_minor: string;
  currency: string;
  reference: string | null;
}

const advisoryLockOfShards = 0x1ed6e7;

/**
 * One ledger at a time posts for a shard, until its transaction ends. Without it, a reversal that finds no payment and the
 * payment that finds no waiting reversal, in two ledgers at once, would miss each other for ever.
 * Sorted, or two of them could wait for each other. A dead letter that does not say where it died may be of any shard.
 */
export async function lockShards(tx: EntityManager, messages: Pick<Message, 'queue'>[]): Promise<void> {
  if (messages.length === 0) return;
  const queues = [...new Set(messages.map(({ queue }) => queue))];
  const ofAShard = queues.filter((queue) => /\d$/.test(queue));
  await prepared(
    tx,
    `SELECT pg_advisory_xact_lock($1, shard)
       FROM (SELECT unnest($2::int[]) AS shard
              UNION
             SELECT generate_series(0, shards - 1) FROM inbox_settings WHERE $3
              ORDER BY shard) AS wanted`,
    [advisoryLockOfShards, ofAShard.map(shardOf), ofAShard.length < queues.length],
  );
}

/**
 * Inserts the transfers that are not there yet and moves each account once.
 * Sorted rows and sorted accounts, everywhere: unsorted batches of two ledgers deadlock, and `UPDATE … FROM` locks in the
 * order of its plan.
 * @returns the message ids of those that were there
 */
export async function insertTransfers(tx: EntityManager, events: PaymentEvent[]): Promise<Set<string>> {
  const lines = events.map(transferOf);
  const texts = (name: keyof PostedTransfer) => textArray(lines.map((line) => line[name]));
  const rows: { message_id: string }[] = await prepared(
    tx,
    `WITH posted AS (
       INSERT INTO transfer (payment_id, kind, debit_account, credit_account,
                             amount_minor, currency, reference, message_id, shard)
       SELECT payment_id, kind, debit, credit, amount, currency, reference, message_id, shard
         FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[],
                     $8::uuid[], $9::smallint[])
              WITH ORDINALITY AS line (payment_id, kind, debit, credit, amount, currency, reference,
                                       message_id, shard, position)
        ORDER BY payment_id, kind, position
           ON CONFLICT ON CONSTRAINT one_posting_per_payment_event DO NOTHING
       RETURNING message_id, debit_account, credit_account, amount_minor, currency
     ), moved AS (
       INSERT INTO account AS a (name, currency, debits_posted, credits_posted)
       SELECT side.name, currency, sum(side.debit), sum(side.credit)
         FROM posted
        CROSS JOIN LATERAL (VALUES (debit_account, amount_minor, 0), (credit_account, 0, amount_minor))
              AS side (name, debit, credit)
        GROUP BY side.name, currency
        ORDER BY side.name, currency
           ON CONFLICT (name, currency) DO UPDATE
          SET debits_posted = a.debits_posted + excluded.debits_posted,
              credits_posted = a.credits_posted + excluded.credits_posted
     )
     SELECT message_id
       FROM unnest($8::uuid[]) AS message_id
      WHERE message_id NOT IN (SELECT message_id FROM posted)`,
    [
      uuidArray(lines.map((line) => line.payment_id)),
      texts('kind'),
      texts('debit_account'),
      texts('credit_account'),
      bigintArray(lines.map((line) => line.amount_minor)),
      texts('currency'),
      texts('reference'),
      uuidArray(events.map((event) => event.messageId)),
      smallintArray(events.map((event) => shardOf(event.message.queue))),
    ],
  );
  return new Set(rows.map((row) => row.message_id));
}

/** The transfers of these events' payments, by the name of their event. */
export async function findTransfers(
  tx: EntityManager,
  events: PaymentEvent[],
): Promise<Map<string, PostedTransfer>> {
  if (events.length === 0) return new Map();
  const rows: PostedTransfer[] = await tx.query(
    `SELECT payment_id, kind, debit_account, credit_account, amount_minor, currency, reference
       FROM transfer
      WHERE payment_id = ANY($1::uuid[])
        AND occurrence = 0`,
    [events.map(({ paymentId }) => paymentId)],
  );
  return new Map(rows.map((row) => [eventName(typeOf[row.kind], row.payment_id), row]));
}

export function isSameTransfer(event: PaymentEvent, posted: PostedTransfer | undefined): boolean {
  if (posted === undefined) return false;
  return Object.entries(transferOf(event)).every(
    ([column, value]) => posted[column as keyof PostedTransfer] === value,
  );
}

/** `ledger.payments.3` is shard 3. */
export function shardOf(queue: string): number {
  return Number(/\d+$/.exec(queue)?.[0] ?? 0);
}

/** The event type of a kind of transfer. */
const typeOf = { payment: 'payment.accepted', reversal: 'payment.reversed' } as const;

/** A reversal is its payment with the sides swapped. */
export function transferOf(event: PaymentEvent): PostedTransfer {
  const { paymentId, src, dest, amountMinor, currency, reference } = event;
  const isReversal = event.type === 'payment.reversed';
  return {
    payment_id: paymentId,
    kind: isReversal ? 'reversal' : 'payment',
    debit_account: isReversal ? dest : src,
    credit_account: isReversal ? src : dest,
    amount_minor: amountMinor,
    currency,
    reference,
  };
}
