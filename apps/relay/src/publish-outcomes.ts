import {
  BrokerBlocked,
  BrokerUnreachable,
  ConfirmTimeout,
  PublishRefused,
  Unroutable,
} from '@paid-once/broker';
import { Unpublishable } from '@paid-once/outbox';

/** Messages, by how the slice ended that they were in; what is not confirmed is published again, with its slice. */
export class PublishOutcomes {
  readonly counts = {
    confirmed: 0,
    refused: 0,
    unroutable: 0,
    'confirm-timeout': 0,
    unreachable: 0,
    blocked: 0,
    unpublishable: 0,
    failed: 0,
  };
  /** Messages in slices that have not ended. */
  outstanding = 0;

  async counting(messages: number, publishing: Promise<void>): Promise<void> {
    this.outstanding += messages;
    try {
      await publishing;
      this.counts.confirmed += messages;
    } catch (error) {
      this.counts[outcomeOf(error)] += messages;
      throw error;
    } finally {
      this.outstanding -= messages;
    }
  }
}

function outcomeOf(error: unknown): Exclude<keyof PublishOutcomes['counts'], 'confirmed'> {
  if (error instanceof BrokerUnreachable) return 'unreachable';
  if (error instanceof BrokerBlocked) return 'blocked';
  if (error instanceof ConfirmTimeout) return 'confirm-timeout';
  if (error instanceof PublishRefused) return 'refused';
  if (error instanceof Unroutable) return 'unroutable';
  return error instanceof Unpublishable ? 'unpublishable' : 'failed';
}
