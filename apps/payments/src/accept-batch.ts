import type { PaymentEventType } from '@paid-once/contracts';
import { faultPoint, inOneTrip, reading, type Statement } from '@paid-once/service';
import type { DataSource } from 'typeorm';
import { fingerprintOf, type PaymentCommand } from './payment-command.js';
import type { EventRow } from './payment-message.js';
import { paymentOf, type Payment } from './payment.js';
import { findRecordedSql, insertPaymentsSql, insertReversalsSql } from './sql/payment-events.js';

/** How one command ended. Everything but `accepted` wrote nothing. */
export type Acceptance =
  | { kind: 'accepted'; payment: Payment }
  | { kind: 'repeated'; payment: Payment }
  | { kind: 'key-reused' }
  | { kind: 'not-found' }
  | { kind: 'already-reversed' };

/**
 * (1) Payments, their idempotency keys and (2) their outbox rows: one transaction and one round trip for the whole batch.
 * @param commands   all of one kind, no key twice
 * @param lockWaitMs how long to wait for another transaction that holds one of the keys
 * @returns undefined for what was not written, because something is on record that `findRecorded` tells
 * @throws as `inOneTrip`; then nothing of the batch was written, or with OutcomeUnknown all or nothing of it
 */
export async function acceptBatch(
  database: DataSource,
  commands: PaymentCommand[],
  lockWaitMs: number,
): Promise<(Acceptance | undefined)[]> {
  faultPoint('payments.before-transaction');
  const written = await inOneTrip<EventRow>(database, statementFor(commands), lockWaitMs);
  faultPoint('payments.after-commit');
  const accepted = new Map(written.map((row) => [keyOf(row.client, row.idempotency_key), row]));
  return commands.map(({ client, idempotencyKey }) => {
    const row = accepted.get(keyOf(client, idempotencyKey));
    return row && acceptanceOf(row);
  });
}

export function acceptanceOf(event: EventRow): Acceptance {
  return { kind: 'accepted', payment: paymentOf(event, statusAfter(event.type)) };
}

const withOutboxRows = { pay: insertPaymentsSql, reverse: insertReversalsSql };

/** Writes what these commands of one kind ask for, as far as nothing on record is against it. */
export function statementFor(commands: PaymentCommand[], sql = withOutboxRows): Statement {
  const payments = commands.filter((command) => command.kind === 'pay');
  if (payments.length > 0) {
    payments.sort(byKey); // two batches that share keys in another order would deadlock
    return {
      sql: sql.pay,
      parameters: [
        payments.map(({ client }) => client),
        payments.map(({ idempotencyKey }) => idempotencyKey),
        payments.map(fingerprintOf),
        payments.map(({ src }) => src),
        payments.map(({ dest }) => dest),
        payments.map(({ amountMinor }) => String(amountMinor)),
        payments.map(({ currency }) => currency),
        payments.map(({ reference }) => reference),
      ],
    };
  }
  const reversals = commands.filter((command) => command.kind === 'reverse');
  // By payment: that is what two reversals under different keys meet on.
  reversals.sort((a, b) => compareText(a.paymentId, b.paymentId) || byKey(a, b));
  return {
    sql: sql.reverse,
    parameters: [
      reversals.map(({ client }) => client),
      reversals.map(({ idempotencyKey }) => idempotencyKey),
      reversals.map(fingerprintOf),
      reversals.map(({ paymentId }) => paymentId),
    ],
  };
}

interface RecordedRow extends EventRow {
  fingerprint: Buffer;
}

/**
 * How commands ended that wrote nothing. A statement after the one that did not write them: that one's snapshot is older
 * than the commit which it may have waited for.
 * @throws DatabaseUnavailable
 */
export async function findRecorded(database: DataSource, commands: PaymentCommand[]): Promise<Acceptance[]> {
  const rows = await reading(database, (db) =>
    db.query<RecordedRow[]>(findRecordedSql, [
      commands.map(({ client }) => client),
      commands.map(({ idempotencyKey }) => idempotencyKey),
      commands.flatMap((command) => (command.kind === 'reverse' ? [command.paymentId] : [])),
    ]),
  );
  const byKey = new Map(rows.map((row) => [keyOf(row.client, row.idempotency_key), row]));
  const existing = new Set(rows.map((row) => row.payment_id));
  return commands.map((command) =>
    recordedOutcome(command, byKey.get(keyOf(command.client, command.idempotencyKey)), existing),
  );
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
