import { cloudEventBody, cloudEventContentType } from './cloud-event.js';
import { paymentEventSchemaVersion } from './payment-event.js';
import { messageHeaders, routingKey } from './topology.js';

/** What a message is made of: the columns of its outbox row. */
export interface MessageSource {
  message_id: string;
  /** The run it belongs to. */
  run_id: string;
  shard: number;
  type: string;
  /** Payment id. */
  key: string;
  headers: Record<string, string>;
  /** The event's data, as JSON. */
  payload: string;
  created_at: Date;
}

/** The message as it travels: routing key, properties, headers, and the envelope around the payload. */
export function wireMessage(row: MessageSource) {
  return {
    messageId: row.message_id,
    type: row.type,
    routingKey: routingKey(row.type, row.shard),
    contentType: cloudEventContentType,
    appId: 'payments',
    timestamp: row.created_at,
    headers: {
      ...row.headers,
      [messageHeaders.key]: row.key,
      [messageHeaders.run]: row.run_id,
      [messageHeaders.schemaVersion]: paymentEventSchemaVersion,
    },
    body: cloudEventBody({
      id: row.message_id,
      source: '/payments',
      type: row.type,
      subject: row.key,
      time: row.created_at,
      dataJson: row.payload,
    }),
  };
}
