import { Unpublishable as UnpublishableMessage, type Messages, type Publisher } from '@paid-once/broker';
import { wireMessage } from '@paid-once/contracts';
import { Unpublishable, type OutboxRow } from '@paid-once/outbox';
import { faultPoint } from '@paid-once/service';
import { faultOf } from './fault-of.js';

/** (4) Outbox rows as messages: a shard is a lane of the publisher, so its order is kept. */
export class PublishOutbox {
  private count = 0;

  constructor(private readonly publisher: Publisher) {}

  /** Messages that the broker has confirmed since this process started; repeats count again. */
  get published(): number {
    return this.count;
  }

  /**
   * @throws Unpublishable  some of these messages can never be sent; others of them may have been
   * @throws PublishFailure anything else: the same rows are to be published again, from the first on
   */
  async publish(shard: number, rows: OutboxRow[], onLeft?: () => void): Promise<void> {
    const invalid = rows.flatMap((row) => {
      const detail = faultOf(row);
      return detail === undefined ? [] : { messageId: row.message_id, reason: 'invalid', detail };
    });
    if (invalid.length > 0) throw new Unpublishable(invalid);
    try {
      await this.publisher.publishAll(shard, messagesOf(rows), () => {
        faultPoint('relay.after-publish');
        onLeft?.();
      });
    } catch (error) {
      if (!(error instanceof UnpublishableMessage)) throw error;
      throw new Unpublishable([error]);
    }
    this.count += rows.length;
  }
}

// Each is made when it leaves, and not kept: with thousands on their way, keeping them costs more than making them.
function messagesOf(rows: OutboxRow[]): Messages {
  return {
    length: rows.length,
    at(index) {
      const row = rows[index];
      return row && wireMessage(row);
    },
  };
}
