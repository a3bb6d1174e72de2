import { z } from 'zod';
import {
  cloudEvent,
  cloudEventContentType,
  deadLetterExchange,
  eventName,
  ledgerQueue,
  markerType,
  messageHeaders,
  parkedQueue,
  paymentEventData,
  paymentEventSchemaVersion,
  paymentsExchange,
  routingKey,
  shardBinding,
  wireMessage,
} from '../index.js';

/** Whether the committed documents are to be written anew. */
export const isRecording = process.env['PAID_ONCE_RECORD_CONTRACTS'] !== undefined;

const payment = '01920000-0000-7000-8000-000000000001';
const run = '0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d';
const data = {
  paymentId: payment,
  src: 'bianca',
  dest: 'marc',
  amountMinor: '100',
  currency: 'EUR',
  reference: 'rent',
};
const shard = '{shard}' as unknown as number; // as AsyncAPI writes a parameter

/** JSON Schema of what a payment event carries, in the one version there is. */
export function paymentEventSchema(): object {
  return {
    $id: `payment-event-${paymentEventSchemaVersion}`,
    title: `What a payment event carries, version ${paymentEventSchemaVersion}`,
    description:
      'What no JSON Schema says: the id is a UUIDv7, src and dest differ, the amount is at most 10^15 minor units, the currency is an ' +
      'ISO 4217 code that people can be paid in, the reference has no control characters.',
    ...z.toJSONSchema(paymentEventData),
  };
}

/** The AsyncAPI document of what travels from the relay to the ledger. */
export function asyncApi(): object {
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'paid-once: what payments tells the ledger',
      version: String(paymentEventSchemaVersion),
      description:
        'At least once, in the order of each key. A consumer keeps the message ids it has taken, and parks what it does not know: a ' +
        'version behind or ahead is never guessed at.',
      license: { name: 'MIT' },
    },
    defaultContentType: cloudEventContentType,
    servers: {
      rabbitmq: {
        host: 'localhost:5672',
        protocol: 'amqp',
        pathname: '/paid-once',
        description:
          'RabbitMQ 3.10 to 4.x. Users: relay writes to the exchange, ledger reads its queues, nobody declares.',
        security: [{ $ref: '#/components/securitySchemes/user' }],
      },
    },
    channels: {
      payments: {
        address: routingKey('{type}', shard),
        title: 'The exchange that the relay publishes to',
        parameters: {
          type: {
            description: 'The type of the message.',
            enum: ['payment.accepted', 'payment.reversed', markerType],
          },
          shard: { $ref: '#/components/parameters/shard' },
        },
        messages: allMessages,
        bindings: {
          amqp: {
            is: 'routingKey',
            exchange: { name: paymentsExchange, type: 'topic', durable: true, autoDelete: false },
          },
        },
      },
      ledgerQueue: {
        address: ledgerQueue(shard),
        title: 'The quorum queue of a shard',
        description: `Bound with \`${shardBinding(shard)}\`, one active consumer; what it gives up goes to \`${deadLetterExchange}\`.`,
        parameters: { shard: { $ref: '#/components/parameters/shard' } },
        messages: allMessages,
        bindings: {
          amqp: {
            is: 'queue',
            queue: { name: 'ledger.payments.0', durable: true, exclusive: false, autoDelete: false },
          },
        },
      },
      parked: {
        address: parkedQueue,
        title: 'What RabbitMQ has given up: the ledger takes it from here and parks it',
        messages: allMessages,
        bindings: {
          amqp: {
            is: 'queue',
            queue: { name: parkedQueue, durable: true, exclusive: false, autoDelete: false },
          },
        },
      },
    },
    operations: {
      publish: {
        action: 'send',
        channel: { $ref: '#/channels/payments' },
        summary: 'The relay publishes outbox rows: persistent, mandatory, confirmed.',
        bindings: { amqp: { userId: 'relay', deliveryMode: 2, mandatory: true, timestamp: true } },
      },
      post: {
        action: 'receive',
        channel: { $ref: '#/channels/ledgerQueue' },
        summary: 'The ledger posts each event once, and acknowledges after its commit.',
        bindings: { amqp: { ack: true } },
      },
      park: {
        action: 'receive',
        channel: { $ref: '#/channels/parked' },
        summary: 'The ledger parks dead letters.',
      },
    },
    components: {
      securitySchemes: { user: { type: 'userPassword' } },
      parameters: {
        shard: {
          description: 'From SHA-256 of the key; the number of shards is set at setup.',
          enum: ['0', '1', '2', '3'],
        },
      },
      messages: {
        paymentAccepted: message('payment.accepted', 'A payment was accepted: the ledger posts it.'),
        paymentReversed: message(
          'payment.reversed',
          'A payment was reversed: money flows back, after the payment itself.',
        ),
        marker: {
          name: markerType,
          title: 'Says how far a queue was read, and nothing else',
          contentType: cloudEventContentType,
          headers: headersSchema(false),
          payload: { allOf: [cloudEventSchema(), { properties: { type: { const: markerType } } }] },
          bindings: { amqp: { messageType: markerType } },
        },
      },
      schemas: { paymentEvent: paymentEventSchema() },
    },
  };
}

const allMessages = Object.fromEntries(
  ['paymentAccepted', 'paymentReversed', 'marker'].map((name) => [
    name,
    { $ref: `#/components/messages/${name}` },
  ]),
);

function message(type: 'payment.accepted' | 'payment.reversed', title: string): object {
  const isReversal = type === 'payment.reversed';
  const sent = wireMessage({
    message_id: '01920000-0000-7000-8000-00000000000a',
    run_id: run,
    shard: 0,
    type,
    key: payment,
    headers: isReversal ? { [messageHeaders.causation]: eventName('payment.accepted', payment) } : {},
    payload: JSON.stringify(data),
    created_at: new Date('2026-01-01T00:00:00Z'),
  });
  return {
    name: type,
    title,
    contentType: cloudEventContentType,
    headers: headersSchema(isReversal),
    payload: {
      allOf: [
        cloudEventSchema(),
        { properties: { type: { const: type }, data: { $ref: '#/components/schemas/paymentEvent' } } },
      ],
    },
    bindings: { amqp: { messageType: type } },
    examples: [{ headers: sent.headers, payload: JSON.parse(sent.body.toString()) as object }],
  };
}

function cloudEventSchema(): object {
  const { $schema: _, ...schema } = z.toJSONSchema(cloudEvent, { io: 'input' });
  return schema;
}

function headersSchema(isReversal: boolean): object {
  const properties = {
    [messageHeaders.key]: { type: 'string', description: 'Payment id: what order is kept for.' },
    [messageHeaders.run]: {
      type: 'string',
      description: 'The run it belongs to; after a reset the ledger refuses what is left of the old.',
    },
    [messageHeaders.schemaVersion]: { const: paymentEventSchemaVersion },
    ...(isReversal && {
      [messageHeaders.causation]: {
        type: 'string',
        description: 'The event that must be posted before: `<payment>/payment.accepted`.',
      },
    }),
  };
  const optional = {
    [messageHeaders.traceparent]: {
      type: 'string',
      description: 'Which trace the payment belongs to (W3C); while something is traced.',
    },
  };
  return {
    type: 'object',
    properties: { ...properties, ...optional },
    required: Object.keys(properties),
  };
}
