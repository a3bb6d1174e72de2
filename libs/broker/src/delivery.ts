import type { Channel, ConsumeMessage } from 'amqplib';
import type { Delivery } from './message.js';

/**
 * Where it came from: an ack needs that and the delivery tag. The message itself is let go of, as thousands of deliveries
 * wait at a time. Under a symbol, so that it is no part of the interface and still survives a copy.
 */
const source = Symbol('channel of a delivery');

export function deliveryOf(channel: Channel, queue: string, message: ConsumeMessage): Delivery {
  const { properties, fields } = message;
  const headers: Record<string, unknown> = properties.headers ?? {};
  const delivery: Delivery & { [source]: Channel } = {
    queue,
    deliveryTag: fields.deliveryTag,
    messageId: text(properties.messageId),
    userId: text(properties.userId),
    type: text(properties.type),
    contentType: text(properties.contentType),
    contentEncoding: text(properties.contentEncoding),
    headers,
    body: message.content,
    redelivered: fields.redelivered,
    deliveryCount: count(headers['x-delivery-count']),
    [source]: channel,
  };
  return delivery;
}

export function channelOf(delivery: Delivery): Channel {
  if (!(source in delivery)) throw new Error('Bug: no delivery of a consumer');
  return delivery[source] as Channel;
}

function text(property: unknown): string | undefined {
  return typeof property === 'string' ? property : undefined;
}

function count(header: unknown): number {
  return typeof header === 'number' && Number.isSafeInteger(header) && header > 0 ? header : 0;
}
