import { prepared } from '@paid-once/service';
import type { EntityManager } from 'typeorm';
import { insertMessagesSql } from './sql/insert-messages.js';

export interface NewMessage {
  /** UUIDv7 made by this database, such as a column's default; without one the outbox makes it. */
  messageId?: string;
  type: string;
  /** Messages of one key are delivered in order. */
  key: string;
  headers?: Record<string, string>;
  /** JSON; with the headers 64 kB at most: what is larger is never sent, it becomes a dead letter. */
  payload: string;
}

/**
 * (2) Writes messages that are sent if, and only if, the caller's transaction commits. One statement for all of them.
 *
 * Lock or write what a message tells about *before* this call: a transaction that had to wait for another one's lock
 * then gets the larger ids, and that is all that keeps the messages of a key in order. Of many rows, enqueue portions:
 * as long as a transaction is open, every look at the outbox walks over its rows.
 * @param tx the caller's transaction; a manager without one is refused, its messages could be sent alone
 */
export async function enqueue(tx: EntityManager, messages: NewMessage[]): Promise<void> {
  if (!tx.queryRunner?.isTransactionActive)
    throw new Error('Bug: enqueue() needs the transaction it belongs to');
  if (messages.length === 0) return;
  await prepared(tx, insertMessagesSql, [
    messages.map(({ messageId }) => messageId ?? null),
    messages.map(({ type }) => type),
    messages.map(({ key }) => key),
    messages.map(({ headers }) => JSON.stringify(headers ?? {})),
    messages.map(({ payload }) => payload),
  ]);
}
