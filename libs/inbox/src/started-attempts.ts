import { inTransaction } from '@paid-once/service';
import type { DataSource, EntityManager } from 'typeorm';
import type { Delivery } from '@paid-once/broker';
import { fingerprintOf, storable, type Message, type Parking } from './park.js';

const suspiciousDeliveryCount = 3;
const maxUnfinishedStarts = 5;

/**
 * Whether a message must be tried alone: something kept its batches from being acknowledged, several times.
 * @param survived how many channels this process has lost or closed: as often it may have had the message and is alive,
 *                 so a link that flaps does not make a whole queue suspicious
 */
export function isSuspicious({ deliveryCount }: Delivery, survived: number): boolean {
  return deliveryCount - survived >= suspiciousDeliveryCount;
}

/**
 * Records, committed, that this process now tries a suspicious message.
 * A process that tries again what it has begun itself is alive, so that does not count: a database that goes away
 * must not turn innocent messages into poison.
 * @returns nothing, or how to park it: five processes began it and did not get to the end
 */
export async function startOrPark(
  database: DataSource,
  message: Message,
  process: string,
): Promise<Parking | undefined> {
  const fingerprint = fingerprintOf(message);
  const { messageId = null, queue } = message;
  const starts = await recordStart(database, { fingerprint, messageId, queue }, process);
  if (starts <= maxUnfinishedStarts) return undefined;
  return { message, reason: 'poison', detail: `${starts - 1} processes began it and did not get to the end` };
}

/** @returns how many processes have begun it and not come to an end, with this one; committed */
export async function recordStart(
  database: DataSource,
  message: { fingerprint: Buffer; messageId: string | null; queue: string },
  process: string,
): Promise<number> {
  return await inTransaction(database, async (tx) => {
    const rows: { starts: number }[] = await tx.query(
      `INSERT INTO started_attempt AS attempt (fingerprint, starts, process, message_id, queue)
       VALUES ($1, 1, $2, $3, $4)
           ON CONFLICT (fingerprint) DO UPDATE
          SET starts = attempt.starts + CASE WHEN attempt.process = excluded.process THEN 0 ELSE 1 END,
              process = excluded.process,
              started_at = clock_timestamp()
       RETURNING starts`,
      [message.fingerprint, process, storable(message.messageId ?? undefined), message.queue],
    );
    return rows[0]?.starts ?? 1;
  });
}

/** The try came to an end, in the transaction that ends it. */
export async function forgetStarts(tx: EntityManager, fingerprint: Buffer): Promise<void> {
  await tx.query(`DELETE FROM started_attempt WHERE fingerprint = $1`, [fingerprint]);
}
