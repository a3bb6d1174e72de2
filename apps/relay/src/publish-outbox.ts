import { Unpublishable as UnpublishableMessage, type Messages, type Publisher } from '@paid-once/broker';
import { wireMessage } from '@paid-once/contracts';
import { Unpublishable, type OutboxRow } from '@paid-once/outbox';
import { faultPoint } from '@paid-once/service';
import { faultOf } from './fault-of.js';
import { PublishOutcomes } from './publish-outcomes.js';
import { tracedRows } from './traced-rows.js';

/** (4) Outbox rows as messages: a shard is a lane of the publisher, so its order is kept. */
export class PublishOutbox {
  readonly outcomes = new PublishOutcomes();

  constructor(private readonly publisher: Publisher) {}

  /** Messages that the broker has confirmed since this process started; repeats count again. */
  get published(): number {
    return this.outcomes.counts.confirmed;
  }

  /**
   * @throws Unpublishable  some of these messages can never be sent; others of them may have been
   * @throws PublishFailure anything else: the same rows are to be published again, from the first on
   */
  publish(shard: number, rows: OutboxRow[], onLeft?: () => void): Promise<void> {
    const publishing = () => this.publishSlice(shard, rows, onLeft);
    return this.outcomes.counting(rows.length, tracedRows(rows, publishing));
  }

  private async publishSlice(shard: number, rows: OutboxRow[], onLeft?: () => void): Promise<void> {
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
