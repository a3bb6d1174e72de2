import { reading } from '@paid-once/service';
import type { DataSource } from 'typeorm';
import { keyOf, statusAfter, type Acceptance } from './accept-batch.js';
import { fingerprintOf, type PaymentCommand } from './payment-command.js';
import type { EventRow } from './payment-message.js';
import { paymentOf } from './payment.js';
import { findRecordedSql } from './sql/payment-events.js';

interface RecordedRow extends EventRow {
  fingerprint: string;
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
  const existing = new Set(rows.map((row) => keyOf(row.client, row.payment_id)));
  return commands.map((command) =>
    recordedOutcome(command, byKey.get(keyOf(command.client, command.idempotencyKey)), existing),
  );
}

function recordedOutcome(
  command: PaymentCommand,
  row: RecordedRow | undefined,
  existing: ReadonlySet<string>,
): Acceptance {
  if (row && row.fingerprint !== fingerprintOf(command)) return { kind: 'key-reused' };
  if (row) return { kind: 'repeated', payment: paymentOf(row, statusAfter(row.type)) };
  if (command.kind === 'pay') throw new Error('Bug: a payment was neither inserted nor found under its key');
  return { kind: existing.has(keyOf(command.client, command.paymentId)) ? 'already-reversed' : 'not-found' };
}
