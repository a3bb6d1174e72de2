import type { SchemaObject } from './api-problems.js';
import { readDigits, readFlag, readId, readLimit, readUuid } from './parameters.js';

/** A query parameter as OpenAPI describes it. */
export interface QueryParameter {
  name: string;
  /** By default it may be left out. */
  required?: boolean;
  description?: string;
  schema: SchemaObject;
  /** @throws ParameterInvalid */
  read: (value: unknown) => unknown;
}

export const uuid = { type: 'string', format: 'uuid' } as const;

const end = (name: string, description: string): QueryParameter => ({
  name,
  description,
  schema: uuid,
  read: (value) => readUuid(name, value),
});

const payment: QueryParameter = {
  name: 'payment',
  required: true,
  description: 'The id of a payment.',
  schema: uuid,
  read: (value) => readId('payment', value),
};

/** What several routes read. */
export const parameters = {
  payment,
  payments: {
    ...payment,
    required: false,
    description: 'The id of a payment; several are given as several parameters.',
    schema: { type: 'array', items: uuid },
  },
  limit: {
    name: 'limit',
    description: 'How many items a page has.',
    schema: { type: 'integer', minimum: 1, maximum: 200, default: 50 },
    read: readLimit,
  },
  dropped: {
    name: 'dropped',
    schema: { type: 'boolean', default: false },
    read: (value) => readFlag('dropped', value),
  },
  digits: {
    name: 'digits',
    description: 'How many hex digits of a payment id make its bucket: 8 are 65.5 s.',
    schema: { type: 'integer', minimum: 8, maximum: 12, default: 8 },
    read: readDigits,
  },
  from: {
    ...payment,
    name: 'from',
    required: false,
    description: 'The first payment id.',
    read: (id) => readId('from', id),
  },
  to: {
    ...payment,
    name: 'to',
    required: false,
    description: 'The payment id after the last one.',
    read: (id) => readId('to', id),
  },
  after: end('after', 'Only payment ids after this one.'),
  until: end('until', 'The last payment id.'),
  olderThan: end('olderThan', 'The message id from which on events are left out.'),
  position: {
    ...end('after', 'Only events after this one: the id of a payment, or `<id>/<type>`.'),
    schema: { type: 'string' },
  },
} satisfies Record<string, QueryParameter>;
