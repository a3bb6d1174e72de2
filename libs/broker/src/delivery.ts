import type { Channel, ConsumeMessage } from 'amqplib';
import type { Delivery } from './message.js';

/** What an ack needs. Under a symbol, so that it is no part of the interface and still survives a copy. */
const source = Symbol('source of a delivery');
interface DeliverySource {
  channel: Channel;
  message: ConsumeMessage;
}

export function deliveryOf(channel: Channel, queue: string, message: ConsumeMessage): Delivery {
  const { properties, fields } = message;
  const headers: Record<string, unknown> = properties.headers ?? {};
  const delivery: Delivery & { [source]: DeliverySource } = {
    queue,
    deliveryTag: fields.deliveryTag,
    messageId: text(properties.messageId),
    type: text(properties.type),
    contentType: text(properties.contentType),
    contentEncoding: text(properties.contentEncoding),
    headers,
    body: message.content,
    redelivered: fields.redelivered,
    deliveryCount: count(headers['x-delivery-count']),
    [source]: { channel, message },
  };
  return delivery;
}

export function sourceOf(delivery: Delivery): DeliverySource {
  if (!(source in delivery)) throw new Error('Bug: no delivery of a consumer');
  return delivery[source] as DeliverySource;
}

function text(property: unknown): string | undefined {
  return typeof property === 'string' ? property : undefined;
}

function count(header: unknown): number {
  return typeof header === 'number' && Number.isSafeInteger(header) && header > 0 ? header : 0;
}
