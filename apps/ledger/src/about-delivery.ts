import type { Delivery } from '@paid-once/broker';
import { messageHeaders } from '@paid-once/contracts';
import { traceIdOf } from '@paid-once/service';

/** What a line of the log about a message carries beside its text. What the message says of itself may be nonsense. */
export function aboutDelivery({ messageId, headers }: Pick<Delivery, 'messageId' | 'headers'>): object {
  const { [messageHeaders.traceparent]: traceparent, [messageHeaders.key]: key } = headers;
  return {
    messageId,
    paymentId: typeof key === 'string' ? key : undefined,
    traceId: typeof traceparent === 'string' ? traceIdOf(traceparent) : undefined,
  };
}
