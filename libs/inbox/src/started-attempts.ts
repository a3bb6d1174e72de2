import { inTransaction } from '@paid-once/service';
import type { DataSource, EntityManager } from 'typeorm';
import type { Delivery } from '@paid-once/broker';
import { fingerprintOf, type Message, type Parking } from './park.js';

const suspiciousDeliveryCount = 3;
const maxUnfinishedStarts = 5;

/** Whether a message must be tried alone: something kept its batches from being acknowledged, several times. */
export function isSuspicious({ deliveryCount }: Delivery): boolean {
  return deliveryCount >= suspiciousDeliveryCount;
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
  const starts = await inTransaction(database, async (tx) => {
    const rows: { starts: number }[] = await tx.query(
      `INSERT INTO started_attempt AS attempt (fingerprint, starts, process)
       VALUES ($1, 1, $2)
           ON CONFLICT (fingerprint) DO UPDATE
          SET starts = attempt.starts + CASE WHEN attempt.process = excluded.process THEN 0 ELSE 1 END,
              process = excluded.process,
              started_at = clock_timestamp()
       RETURNING starts`,
      [fingerprintOf(message), process],
    );
    return rows[0]?.starts ?? 1;
  });
  if (starts <= maxUnfinishedStarts) return undefined;
  return { message, reason: 'poison', detail: `${starts - 1} processes began it and did not get to the end` };
}

/** The try came to an end, in the transaction that ends it. */
export async function forgetStarts(tx: EntityManager, message: Message): Promise<void> {
  await tx.query(`DELETE FROM started_attempt WHERE fingerprint = $1`, [fingerprintOf(message)]);
}
