import { messageHeaders, paymentsExchange, routingKey } from '@paid-once/contracts';
import type { OutboxRow } from '@paid-once/outbox';
import { tracedBatch, type TracedMessage } from '@paid-once/service';

/** The publishing of a slice, in the traces of its messages. */
export function tracedRows(rows: OutboxRow[], publish: () => Promise<void>): Promise<void> {
  return tracedBatch({ name: 'publish', destination: paymentsExchange }, () => rows.map(tracedRow), publish);
}

function tracedRow({ message_id, key, type, shard, headers, created_at }: OutboxRow): TracedMessage {
  return {
    traceparent: headers?.[messageHeaders.traceparent], // somebody may have written anything there
    attributes: {
      'messaging.message.id': message_id,
      'messaging.rabbitmq.destination.routing_key': routingKey(type, shard),
      'paid_once.payment.id': key,
      'paid_once.outbox.waited_seconds': (Date.now() - Number(created_at)) / 1_000,
    },
  };
}
