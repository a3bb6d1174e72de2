import {
  cloudEventBody,
  cloudEventContentType,
  ledgerQueue,
  markerType,
  messageHeaders,
  paymentEventSchemaVersion,
  predecessorOf,
  type PaymentEventData,
  type PaymentEventType,
} from '@paid-once/contracts';
import type { Message } from '@paid-once/inbox';
import { randomUUID } from 'node:crypto';

let made = 0;

/** A UUIDv7 that no other call gives. */
export function uuidV7(): string {
  return `0192d3a0-0000-7000-8000-${(++made).toString(16).padStart(12, '0')}`;
}

export function payment(data: Partial<PaymentEventData> = {}): PaymentEventData {
  return {
    paymentId: uuidV7(),
    src: 'bianca',
    dest: 'marc',
    amountMinor: '100',
    currency: 'EUR',
    reference: null,
    ...data,
  };
}

/** The message that the relay publishes for an event; `changes` make it another one. */
export function messageOf(
  runId: string,
  data: PaymentEventData,
  type: PaymentEventType = 'payment.accepted',
  changes: Partial<Message> = {},
): Message & { messageId: string } {
  const messageId = changes.messageId ?? uuidV7();
  const envelope = { id: messageId, source: '/payments', type, subject: data.paymentId, time: new Date(0) };
  const causation = predecessorOf(type, data.paymentId);
  return {
    queue: ledgerQueue(shardOf(data.paymentId)),
    type,
    contentType: cloudEventContentType,
    headers: {
      [messageHeaders.key]: data.paymentId,
      [messageHeaders.run]: runId,
      [messageHeaders.schemaVersion]: paymentEventSchemaVersion,
      ...(causation && { [messageHeaders.causation]: causation }),
    },
    body: cloudEventBody({ ...envelope, dataJson: JSON.stringify(data) }),
    ...changes,
    messageId,
  };
}

/** What a shard's owner publishes to learn how far the ledger has come. */
export function markerOf(runId: string, shard = 0): Message & { messageId: string } {
  const [messageId, set] = [uuidV7(), randomUUID()];
  const envelope = { id: messageId, source: '/payments', type: markerType, subject: set, time: new Date(0) };
  return {
    messageId,
    queue: ledgerQueue(shard),
    type: markerType,
    contentType: cloudEventContentType,
    headers: {
      [messageHeaders.key]: set,
      [messageHeaders.run]: runId,
      [messageHeaders.schemaVersion]: paymentEventSchemaVersion,
    },
    body: cloudEventBody({ ...envelope, dataJson: '{}' }),
  };
}

const shardOf = (paymentId: string): number => Number.parseInt(paymentId.slice(-1), 16) % 4;
