import type { Delivery } from '@paid-once/broker';
import { messageHeaders } from '@paid-once/contracts';
import { tracedBatch } from '@paid-once/service';

/** A batch and its commit, in the traces of its messages: what they say of that is anybody's, and may be nonsense. */
export function tracedDeliveries<Result>(batch: Delivery[], work: () => Promise<Result>): Promise<Result> {
  const destination = batch[0]?.queue ?? '';
  return tracedBatch({ name: 'process', destination }, () => batch.map(tracedDelivery), work);
}

function tracedDelivery({ messageId, headers, queue, redelivered }: Delivery) {
  const { [messageHeaders.traceparent]: traceparent, [messageHeaders.key]: key } = headers;
  return {
    traceparent: typeof traceparent === 'string' ? traceparent : undefined,
    attributes: {
      'messaging.message.id': messageId ?? '',
      'messaging.destination.name': queue,
      'paid_once.payment.id': typeof key === 'string' ? key : '',
      'paid_once.redelivered': redelivered,
    },
  };
}
