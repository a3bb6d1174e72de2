import { inTransaction } from '@paid-once/service';
import type { DataSource, EntityManager } from 'typeorm';
import type { Delivery } from '@paid-once/broker';
import { storable } from './park.js';

const suspiciousDeliveryCount = 3;
const maxUnfinishedStarts = 5;

/**
 * Whether a message must be tried alone: something kept its batches from being acknowledged, several times.
 * @param survived how many channels this process has lost or closed: as often it may have had the message and is alive,
 *                 so a link that flaps does not make a whole queue suspicious. Where several
 *                 processes take turns it may: that costs time, not messages
 */
export function isSuspicious({ deliveryCount }: Delivery, survived: number): boolean {
  return deliveryCount - survived >= suspiciousDeliveryCount;
}

/**
 * A try of a message that processes may die of. Its start is on record, committed, before it begins, and stays there only
 * if the process dies: whoever lives to see the try fail takes it back. So a database that goes away, a hand-over or a
 * restart does not turn an innocent message into poison.
 */
export class SuspiciousTry {
  /** Undefined: no start of this try is on record. */
  private starts: number | undefined;

  constructor(
    private readonly database: DataSource,
    private readonly message: { fingerprint: Buffer; messageId?: string | undefined; queue: string },
  ) {}

  /** @returns how many processes have begun it and not come to an end, with this one */
  async begin(): Promise<number> {
    return (this.starts ??= await inTransaction(this.database, (tx) => this.record(tx)));
  }

  /** @throws Error the message is poison */
  async beginUnlessDeadly(): Promise<void> {
    const deaths = (await this.begin()) - 1;
    if (deaths >= maxUnfinishedStarts)
      throw new Error(`${deaths} processes began it and did not get to the end`);
  }

  /** It came to an end, in the transaction that ends it. */
  async end(tx: EntityManager): Promise<void> {
    await tx.query('DELETE FROM started_attempt WHERE fingerprint = $1', [this.message.fingerprint]);
  }

  /** It failed, and nobody died of it. While the database is away the start stays, and is that of the next try. */
  async takeBack(): Promise<void> {
    if (this.starts === undefined) return;
    const mine = [this.message.fingerprint];
    await inTransaction(this.database, async (tx) => {
      await tx.query('UPDATE started_attempt SET starts = starts - 1 WHERE fingerprint = $1', mine);
      await tx.query('DELETE FROM started_attempt WHERE fingerprint = $1 AND starts <= 0', mine);
    }).then(
      () => (this.starts = undefined),
      () => {},
    );
  }

  private async record(tx: EntityManager): Promise<number> {
    const { fingerprint, messageId, queue } = this.message;
    const rows: { starts: number }[] = await tx.query(
      `INSERT INTO started_attempt AS attempt (fingerprint, starts, message_id, queue)
       VALUES ($1, 1, $2, $3)
           ON CONFLICT (fingerprint) DO UPDATE
          SET starts = attempt.starts + 1,
              started_at = clock_timestamp()
       RETURNING starts`,
      [fingerprint, storable(messageId), queue],
    );
    return rows[0]?.starts ?? 1;
  }
}
