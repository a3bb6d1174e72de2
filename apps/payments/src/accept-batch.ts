import { predecessorOf, type PaymentEventData, type PaymentEventType } from '@paid-once/contracts';
import { enqueue, type NewMessage } from '@paid-once/outbox';
import { faultPoint, inTransaction } from '@paid-once/service';
import type { DataSource, EntityManager } from 'typeorm';
import { fingerprintOf, type PaymentCommand } from './payment-command.js';
import { paymentOf, type Payment, type PaymentRow } from './payment.js';
import { findRecordedSql, insertPaymentsSql, insertReversalsSql } from './sql/payment-events.js';

/** How one command ended. Everything but `accepted` wrote nothing. */
export type Acceptance =
  | { kind: 'accepted'; payment: Payment }
  | { kind: 'repeated'; payment: Payment }
  | { kind: 'key-reused' }
  | { kind: 'not-found' }
  | { kind: 'already-reversed' };

export interface EventRow extends PaymentRow {
  type: PaymentEventType;
  message_id: string;
  client: string;
  idempotency_key: string;
}

/**
 * (1) Payments, their idempotency keys and their outbox rows: one transaction for the whole batch.
 * @param commands   no key twice
 * @param lockWaitMs how long to wait for another transaction that holds one of the keys
 * @throws as `inTransaction`; then nothing of the batch was written, or with OutcomeUnknown all or nothing of it
 */
export async function acceptBatch(
  database: DataSource,
  commands: PaymentCommand[],
  lockWaitMs: number,
): Promise<Acceptance[]> {
  faultPoint('payments.before-transaction');
  const outcomes = await inTransaction(database, async (tx) => {
    await tx.query(`SET LOCAL lock_timeout = ${lockWaitMs}`);
    const events = [...(await insertPayments(tx, commands)), ...(await insertReversals(tx, commands))];
    faultPoint('payments.after-payment');
    if (events.length > 0) await enqueue(tx, events.map(messageOf)); // commits with the payments, or not at all
    faultPoint('payments.after-outbox');
    return outcomesOf(tx, commands, events);
  });
  faultPoint('payments.after-commit');
  return outcomes;
}

// Sorted by key: two batches that share keys in another order would deadlock.
export async function insertPayments(tx: EntityManager, commands: PaymentCommand[]): Promise<EventRow[]> {
  const payments = commands.filter((command) => command.kind === 'pay').sort(byKey);
  if (payments.length === 0) return [];
  return tx.query<EventRow[]>(insertPaymentsSql, [
    payments.map(({ client }) => client),
    payments.map(({ idempotencyKey }) => idempotencyKey),
    payments.map(fingerprintOf),
    payments.map(({ src }) => src),
    payments.map(({ dest }) => dest),
    payments.map(({ amountMinor }) => String(amountMinor)),
    payments.map(({ currency }) => currency),
    payments.map(({ reference }) => reference),
  ]);
}

// Sorted by payment: that is what two reversals under different keys meet on.
export async function insertReversals(tx: EntityManager, commands: PaymentCommand[]): Promise<EventRow[]> {
  const reversals = commands
    .filter((command) => command.kind === 'reverse')
    .sort((a, b) => compareText(a.paymentId, b.paymentId) || byKey(a, b));
  if (reversals.length === 0) return [];
  return tx.query<EventRow[]>(insertReversalsSql, [
    reversals.map(({ client }) => client),
    reversals.map(({ idempotencyKey }) => idempotencyKey),
    reversals.map(fingerprintOf),
    reversals.map(({ paymentId }) => paymentId),
  ]);
}

export function messageOf(event: EventRow): NewMessage {
  const data: PaymentEventData = {
    paymentId: event.payment_id,
    src: event.src,
    dest: event.dest,
    amountMinor: event.amount_minor,
    currency: event.currency,
    reference: event.reference,
  };
  const causation = predecessorOf(event.type, event.payment_id);
  return {
    messageId: event.message_id,
    type: event.type,
    key: event.payment_id,
    headers: causation ? { causation } : {},
    payload: JSON.stringify(data),
  };
}

// What the inserts did not return is read in a new statement: their own snapshots are older than the commit
// they may have waited for.
export async function outcomesOf(
  tx: EntityManager,
  commands: PaymentCommand[],
  inserted: EventRow[],
): Promise<Acceptance[]> {
  const accepted = new Map(inserted.map((row) => [keyOf(row.client, row.idempotency_key), row]));
  const open = commands.filter((command) => !accepted.has(keyOf(command.client, command.idempotencyKey)));
  const recorded = await findRecorded(tx, open);
  return commands.map((command) => {
    const key = keyOf(command.client, command.idempotencyKey);
    const row = accepted.get(key);
    if (row) return { kind: 'accepted', payment: paymentOf(row, statusAfter(row.type)) };
    return recordedOutcome(command, recorded.byKey.get(key), recorded.existing);
  });
}

interface RecordedRow extends EventRow {
  fingerprint: Buffer;
}

async function findRecorded(tx: EntityManager, commands: PaymentCommand[]) {
  if (commands.length === 0) return { byKey: new Map<string, RecordedRow>(), existing: new Set<string>() };
  const rows = await tx.query<RecordedRow[]>(findRecordedSql, [
    commands.map(({ client }) => client),
    commands.map(({ idempotencyKey }) => idempotencyKey),
    commands.flatMap((command) => (command.kind === 'reverse' ? [command.paymentId] : [])),
  ]);
  return {
    byKey: new Map(rows.map((row) => [keyOf(row.client, row.idempotency_key), row])),
    existing: new Set(rows.map((row) => row.payment_id)),
  };
}

function recordedOutcome(
  command: PaymentCommand,
  row: RecordedRow | undefined,
  existing: ReadonlySet<string>,
): Acceptance {
  if (row && !row.fingerprint.equals(fingerprintOf(command))) return { kind: 'key-reused' };
  if (row) return { kind: 'repeated', payment: paymentOf(row, statusAfter(row.type)) };
  if (command.kind === 'pay') throw new Error('Bug: a payment was neither inserted nor found under its key');
  return { kind: existing.has(command.paymentId) ? 'already-reversed' : 'not-found' };
}

// The first answer, again: a payment's own says `accepted` also after it was reversed.
const statusAfter = (type: PaymentEventType) => (type === 'payment.reversed' ? 'reversed' : 'accepted');

const keyOf = (client: string, idempotencyKey: string): string => `${client}\n${idempotencyKey}`;

function byKey(a: PaymentCommand, b: PaymentCommand): number {
  return compareText(a.client, b.client) || compareText(a.idempotencyKey, b.idempotencyKey);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
