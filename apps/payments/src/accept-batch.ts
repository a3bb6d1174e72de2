import type { PaymentEventType } from '@paid-once/contracts';
import {
  bigintArray,
  byteaArray,
  faultPoint,
  inOneStatement,
  textArray,
  uuidArray,
  type Statement,
} from '@paid-once/service';
import { wakeRelays } from '@paid-once/outbox';
import type { DataSource } from 'typeorm';
import { fingerprintOf, type PaymentCommand } from './payment-command.js';
import type { EventRow } from './payment-message.js';
import { paymentOf, type Payment } from './payment.js';
import { insertPaymentsSql, insertReversalsSql } from './sql/payment-events.js';
import { withTraces } from './with-traces.js';

/** How one command ended. Everything but `accepted` wrote nothing. */
export type Acceptance =
  | { kind: 'accepted'; payment: Payment }
  | { kind: 'repeated'; payment: Payment }
  | { kind: 'key-reused' }
  | { kind: 'not-found' }
  | { kind: 'already-reversed' };

/**
 * (1) Payments, their idempotency keys and (2) their outbox rows: one statement, which is one transaction, for the whole
 * batch. Then the relays of their shards are woken.
 * @param commands   all of one kind, no key twice
 * @param lockWaitMs how long to wait for another transaction that holds one of the keys
 * @returns undefined for what was not written, because something is on record that `findRecorded` tells
 * @throws as `inOneStatement`; then nothing of the batch was written, or with OutcomeUnknown all or nothing of it
 */
export async function acceptBatch(
  database: DataSource,
  commands: PaymentCommand[],
  lockWaitMs: number,
): Promise<(Acceptance | undefined)[]> {
  faultPoint('payments.before-transaction');
  const written = await inOneStatement<EventRow & { shards: string }>(
    database,
    withTraces(statementFor(commands, lockWaitMs), commands),
  );
  faultPoint('payments.after-commit');
  if (written[0]) wakeRelays(database, written[0].shards);
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
export function statementFor(
  commands: PaymentCommand[],
  lockWaitMs: number,
  sql = withOutboxRows,
): Statement {
  const payments = commands.filter((command) => command.kind === 'pay');
  if (payments.length > 0) {
    payments.sort(byKey); // two batches that share keys in another order would deadlock
    return {
      sql: sql.pay,
      parameters: [
        textArray(payments.map(({ client }) => client)),
        textArray(payments.map(({ idempotencyKey }) => idempotencyKey)),
        byteaArray(payments.map(fingerprintOf)),
        textArray(payments.map(({ src }) => src)),
        textArray(payments.map(({ dest }) => dest)),
        bigintArray(payments.map(({ amountMinor }) => amountMinor)),
        textArray(payments.map(({ currency }) => currency)),
        textArray(payments.map(({ reference }) => reference)),
        lockWaitMs,
      ],
    };
  }
  const reversals = commands.filter((command) => command.kind === 'reverse');
  // By payment: that is what two reversals under different keys meet on.
  reversals.sort((a, b) => compareText(a.paymentId, b.paymentId) || byKey(a, b));
  return {
    sql: sql.reverse,
    parameters: [
      textArray(reversals.map(({ client }) => client)),
      textArray(reversals.map(({ idempotencyKey }) => idempotencyKey)),
      byteaArray(reversals.map(fingerprintOf)),
      uuidArray(reversals.map(({ paymentId }) => paymentId)),
      lockWaitMs,
    ],
  };
}

function byKey(a: PaymentCommand, b: PaymentCommand): number {
  return compareText(a.client, b.client) || compareText(a.idempotencyKey, b.idempotencyKey);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

// The first answer, again: a payment's own says `accepted` also after it was reversed.
export const statusAfter = (type: PaymentEventType) =>
  type === 'payment.reversed' ? 'reversed' : 'accepted';

export const keyOf = (client: string, idempotencyKey: string): string => `${client}\n${idempotencyKey}`;
