import { badBody } from './api-error.js';
import { firstJsonValue, JsonNumber, JsonObject, JsonSyntaxError, type Json } from './go-json.js';

/** Go's name of a field's type, as its error texts spell it. */
export interface FieldTypes {
  string: string;
  bool: boolean;
  int64: number;
  int: number;
  float32: number;
  json: Json;
}

type Shape = Readonly<Record<string, keyof FieldTypes>>;
export type Fields<S extends Shape> = { [Name in keyof S]?: FieldTypes[S[Name]] };

/** The first JSON value of a body. @throws ApiError 400 with Go's text */
export function parseBody(body: string): Json {
  try {
    return firstJsonValue(body);
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw badBody(error.message);
    throw error;
  }
}

/**
 * Picks the known fields out of an object, whatever the case of its keys. Unknown fields are ignored; absent ones and
 * `null` are left out, so that the caller's default holds.
 * @param owner how Go names the struct: in `Go struct field Proxy.name`
 * @throws ApiError 400 for a value of the wrong type
 */
export function readFields<S extends Shape>(value: Json, owner: string, shape: S): Fields<S> {
  const fields: Fields<S> = {};
  if (value === null) return fields;
  if (!(value instanceof JsonObject))
    throw badBody(`json: cannot unmarshal ${kindOf(value)} into Go value of type ${owner}`);
  for (const [key, given] of value.entries) {
    const name = Object.keys(shape).find((known) => known.toLowerCase() === key.toLowerCase());
    if (name === undefined || given === null) continue;
    set(fields, name, shape[name] ?? 'json', given, owner);
  }
  return fields;
}

function set<S extends Shape>(
  fields: Fields<S>,
  name: keyof S & string,
  type: keyof FieldTypes,
  given: Json,
  owner: string,
) {
  const read = reader(type, given);
  if (read === undefined) {
    const kind =
      given instanceof JsonNumber && type !== 'string' && type !== 'bool'
        ? `number ${given.literal}`
        : kindOf(given);
    const struct = owner.slice(owner.lastIndexOf('.') + 1);
    throw badBody(`json: cannot unmarshal ${kind} into Go struct field ${struct}.${name} of type ${type}`);
  }
  Object.assign(fields, { [name]: read });
}

/** undefined: the value is not of that type. */
function reader(type: keyof FieldTypes, given: Json): FieldTypes[keyof FieldTypes] | undefined {
  switch (type) {
    case 'string':
      return typeof given === 'string' ? given : undefined;
    case 'bool':
      return typeof given === 'boolean' ? given : undefined;
    case 'int':
    case 'int64':
      return given instanceof JsonNumber && /^-?\d{1,18}$/.test(given.literal)
        ? Number(given.literal)
        : undefined;
    case 'float32':
      return given instanceof JsonNumber ? Number(given.literal) : undefined;
    case 'json':
      return given;
  }
}

/** Go's name for a kind of JSON value. */
export function kindOf(value: Json): string {
  if (Array.isArray(value)) return 'array';
  if (value instanceof JsonObject) return 'object';
  if (value instanceof JsonNumber) return 'number';
  return typeof value === 'boolean' ? 'bool' : 'string';
}
