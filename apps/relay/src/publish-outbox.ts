import { Unpublishable as UnpublishableMessage, type Publisher } from '@paid-once/broker';
import { paymentEventData, paymentEventTypes, wireMessage } from '@paid-once/contracts';
import { Unpublishable, type OutboxRow } from '@paid-once/outbox';
import { faultPoint } from '@paid-once/service';

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
      await this.publisher.publishAll(shard, rows.map(wireMessage), () => {
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

// The ledger would park it. Here it is still clear that the fault is on our side, and its payment's reversal stays behind it.
function faultOf({ type, payload, created_at: createdAt }: OutboxRow): string | undefined {
  // Not every time that Postgres can keep is a Date: such a row would throw for ever, and its shard would stand still.
  if (!(createdAt instanceof Date) || Number.isNaN(createdAt.getTime())) return 'created_at';
  if (!(paymentEventTypes as readonly string[]).includes(type)) return undefined;
  try {
    const { error } = paymentEventData.safeParse(JSON.parse(payload));
    return error?.issues.map(({ path }) => path.join('.')).join(', ');
  } catch {
    return 'the payload is not JSON';
  }
}
