import { predecessorOf, type PaymentEventData, type PaymentEventType } from '@paid-once/contracts';
import type { NewMessage } from '@paid-once/outbox';
import type { PaymentRow } from './payment.js';

/** What happened to a payment, as it is on record. */
export interface EventRow extends PaymentRow {
  type: PaymentEventType;
  message_id: string;
  client: string;
  idempotency_key: string;
}

/**
 * The message that tells of an event: byte for byte what the statements that write the event have put into the outbox, but for
 * the trace that it belonged to.
 */
export function messageOf(event: EventRow): NewMessage {
  const data: PaymentEventData = {
    paymentId: event.payment_id,
    src: event.src,
    dest: event.dest,
    amountMinor: event.amount_minor,
    currency: event.currency,
    reference: event.reference,
  };
  const causation = predecessorOf(event.type, event.payment_id);
  return {
    messageId: event.message_id,
    type: event.type,
    key: event.payment_id,
    headers: causation ? { causation } : {},
    payload: JSON.stringify(data),
  };
}
