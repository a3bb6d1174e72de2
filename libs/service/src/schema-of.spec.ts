import { describe, expect, it } from '@jest/globals';
import { schemaOf } from './schema-of.js';

const id = '01920000-0000-7000-8000-000000000001';
const at = '2026-01-01T00:00:00.000Z';
const integer = { type: 'integer' };

describe('the schema of examples', () => {
  it('requires what all of them have, and allows null where one of them is null', () => {
    expect(
      schemaOf([
        { id, at, by: null },
        { id, at: null, by: 'ann', count: 1 },
      ]),
    ).toEqual({
      type: 'object',
      required: ['id', 'at', 'by'],
      properties: {
        id: { type: 'string', format: 'uuid' },
        at: { type: ['string', 'null'], format: 'date-time' },
        by: { type: ['null', 'string'] },
        count: integer,
      },
    });
  });

  it('names a format only if all texts have it, and whole numbers only if all numbers are', () => {
    expect(schemaOf([id, 'bianca'])).toEqual({ type: 'string' });
    expect(schemaOf([1, 0.5])).toEqual({ type: 'number' });
    expect(schemaOf([1, null])).toEqual({ type: ['integer', 'null'] });
  });

  it('takes the items of all lists together', () => {
    expect(schemaOf([[], [{ a: 1 }], [{ a: 1, b: 2 }]])).toEqual({
      type: 'array',
      items: { type: 'object', required: ['a'], properties: { a: integer, b: integer } },
    });
    expect(schemaOf([[]])).toEqual({ type: 'array' });
  });

  it('takes for a map what has no field in common and values of one kind', () => {
    const map = { type: 'object', additionalProperties: integer };
    expect(schemaOf([{ EUR: 1 }, { JPY: 5 }])).toEqual(map);
    expect(schemaOf([{ EUR: 1 }, {}])).toEqual(map);
    expect(schemaOf([{ all: true }, { ids: ['1'] }])).toEqual({
      type: 'object',
      properties: { all: { type: 'boolean' }, ids: { type: 'array', items: { type: 'string' } } },
    });
    expect(schemaOf([{}])).toEqual({ type: 'object', properties: {} });
  });
});
