import type { SchemaObject } from './api-problems.js';

/**
 * The JSON schema that values like these have. A field that all of them have is required, one that is null in one of them
 * may be null, and a text that is a UUID or a time in all of them has that format. Objects that have no field in common
 * and values of one kind are maps, such as totals by currency: their keys are no fields.
 * @param examples as JSON tells them
 */
export function schemaOf(examples: readonly unknown[]): SchemaObject {
  const texts = examples.filter((example) => typeof example === 'string');
  const lists = examples.filter((example) => Array.isArray(example));
  const objects = examples.filter(isObject);
  return {
    ...typeOf(examples),
    ...formatOf(texts),
    ...(lists.some((list) => list.length > 0) && { items: schemaOf(lists.flat()) }),
    ...(objects.length > 0 && fieldsOf(objects)),
  };
}

function typeOf(examples: readonly unknown[]): SchemaObject {
  const kinds = new Set(examples.map(kindOf));
  if (kinds.has('number')) kinds.delete('integer');
  const [first, ...others] = kinds;
  return { type: others.length > 0 ? [...kinds] : first };
}

function kindOf(example: unknown): string {
  if (example === null) return 'null';
  if (Array.isArray(example)) return 'array';
  return Number.isInteger(example) ? 'integer' : typeof example;
}

const formats: [name: string, pattern: RegExp][] = [
  ['uuid', /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/],
  ['date-time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/],
];

function formatOf(texts: string[]): SchemaObject {
  const [format] = formats.find(([, pattern]) => texts.every((text) => pattern.test(text))) ?? [];
  return texts.length > 0 && format !== undefined ? { format } : {};
}

type Fields = Record<string, unknown>;

function fieldsOf(objects: Fields[]): SchemaObject {
  const names = [...new Set(objects.flatMap((object) => Object.keys(object)))];
  const required = names.filter((name) => objects.every((object) => Object.hasOwn(object, name)));
  const values = objects.flatMap((object) => Object.values(object));
  const isMap = names.length > 0 && required.length === 0 && new Set(values.map(kindOf)).size === 1;
  if (isMap) return { additionalProperties: schemaOf(values) };
  const valuesOf = (name: string) =>
    objects.filter((object) => Object.hasOwn(object, name)).map((object) => object[name]);
  return {
    ...(required.length > 0 && { required }),
    properties: Object.fromEntries(names.map((name) => [name, schemaOf(valuesOf(name))])),
  };
}

function isObject(example: unknown): example is Fields {
  return typeof example === 'object' && example !== null && !Array.isArray(example);
}
