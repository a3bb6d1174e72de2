import { accountName, maxReferenceLength } from '@paid-once/contracts';
import { Overloaded, refusalBy, StorageFull, TemporarilyUnavailable, type Problem } from '@paid-once/service';
import { z } from 'zod';
import {
  AlreadyReversed,
  IdempotencyInProgress,
  IdempotencyKeyInvalid,
  IdempotencyKeyMissing,
  IdempotencyKeyReused,
  MalformedJson,
  OutcomeIsUnknown,
  PaymentNotFound,
} from './payment-problems.js';
import { readPaymentRequest } from './payment-request.js';
import type { Payment } from './payment.js';

// Without $schema: in OpenAPI 3.1 it is JSON Schema anyway.
const { $schema: _, ...account } = z.toJSONSchema(accountName) as { $schema?: string; pattern: string };
const reference = { type: ['string', 'null'], maxLength: maxReferenceLength } as unknown as { type: string };
const currency = { type: 'string', pattern: '^[A-Z]{3}$', description: 'ISO 4217.' } as const;

/** The header of every request that writes. */
export const keyHeader = {
  name: 'Idempotency-Key',
  required: true,
  description:
    'A new random value for each payment; the same value when it is repeated. Alias: Payment-Idempotence-Key.',
};

/** The body of `POST /payments`, as far as a schema can say it. */
const paymentRequestSchema = {
  type: 'object',
  required: ['src', 'dest', 'amount'],
  additionalProperties: false,
  properties: {
    src: {
      type: 'string',
      pattern: account.pattern,
      description: 'Who pays. An account exists from its first use on.',
    },
    dest: { type: 'string', pattern: account.pattern, description: 'Who is paid.' },
    amount: {
      oneOf: [
        { type: 'string', pattern: '^\\d+(\\.\\d+)?$' },
        { type: 'number', exclusiveMinimum: 0 as unknown as boolean },
      ],
      description:
        'Major units, exactly: at most the decimals of the currency, and 10^15 minor units. Best as a string.',
    },
    currency: { ...currency, default: 'EUR' },
    reference,
  },
};

export const paymentRequest = {
  schema: paymentRequestSchema,
  examples: {
    rent: { value: { src: 'bianca', dest: 'marc', amount: '1.00', currency: 'EUR', reference: 'rent' } },
    'as little as needed': { value: { src: 'bianca', dest: 'marc', amount: 1 } },
  },
};

export const examplePayment: Payment = {
  id: '01920000-0000-7000-8000-000000000001',
  src: 'bianca',
  dest: 'marc',
  amount: '1.00',
  currency: 'EUR',
  reference: 'rent',
  status: 'accepted',
  createdAt: '2026-01-01T00:00:00.000Z',
};

/** A payment as an answer. */
export function paymentContent(change: Partial<Payment> = {}) {
  return {
    content: {
      'application/json': {
        schema: {
          type: 'object',
          required: Object.keys(examplePayment),
          properties: {
            id: { type: 'string', format: 'uuid' },
            src: { type: 'string' },
            dest: { type: 'string' },
            amount: { type: 'string', description: 'Major units, with all decimals of the currency.' },
            currency,
            reference,
            status: { type: 'string', enum: ['accepted', 'reversed'] },
            createdAt: { type: 'string', format: 'date-time' },
          },
        },
        example: { ...examplePayment, ...change },
      },
    },
  };
}

const ofAnyWriting: Problem[] = [
  new IdempotencyKeyMissing(),
  new IdempotencyKeyInvalid('An idempotency key is 1 to 255 visible ASCII characters, without blanks.'),
  new IdempotencyInProgress(),
  new IdempotencyKeyReused(),
  new TemporarilyUnavailable('Nothing was written; send the request again.'),
  new OutcomeIsUnknown(),
  new Overloaded(),
  new StorageFull(),
];

/** Why a payment may be refused: as the code says it. */
export const ofPaying: Problem[] = [
  new MalformedJson(
    'Send an object such as {"src": "bianca", "dest": "marc", "amount": "1.00"}. Nothing was paid.',
  ),
  ...ofAnyWriting,
  ...[
    { src: 'bianca', dest: 'marc', amount: '0' },
    { src: 'bianca', dest: 'bianca', amount: '1' },
    { src: 'bianca', dest: 'marc', amount: '1', status: 'accepted' },
    { src: 'bianca', dest: '', amount: 'x' },
  ].map((body) => refusalBy(() => readPaymentRequest(body))),
];

/** Why a reversal may be refused. */
export const ofReversing: Problem[] = [...ofAnyWriting, new PaymentNotFound(), new AlreadyReversed()];
