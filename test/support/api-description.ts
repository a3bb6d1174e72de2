import type { OpenAPIObject } from '@nestjs/swagger';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';

interface Media {
  schema?: object;
  example?: unknown;
  examples?: Record<string, { value: unknown }>;
}
type Content = Record<string, Media>;
interface Operation {
  parameters?: { in: string; name: string; schema?: object }[];
  requestBody?: { content: Content };
  responses: Record<string, { content?: Content }>;
}

/** An answer as far as a document describes it; no body: that of a HEAD. */
interface Answer {
  status: number;
  contentType: string;
  body: string;
}

/** Only where the services run in lab mode; the documents are those without it. */
const ofLab = /^(\S+ \/lab\/|DELETE \/payments$)/;
const ofNoRoute = [404, 405];

/** An OpenAPI document, to be held against what is really answered. A field that it does not describe is a fault. */
export class ApiDescription {
  private readonly ajv = new Ajv2020({ strict: false, allErrors: true });
  private readonly operations: { route: string; at: RegExp; pointer: string; operation: Operation }[];

  constructor(document: OpenAPIObject) {
    formats.default(this.ajv);
    this.ajv.addSchema(closed(document) as object, 'api');
    this.operations = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item as Record<string, Operation>).map(([method, operation]) => ({
        route: `${method.toUpperCase()} ${path}`,
        at: new RegExp(`^${method} ${path.replace(/\{\w+\}/g, '[^/]+')}/?$`, 'i'),
        pointer: `/paths/${step(path)}/${method}`,
        operation,
      })),
    );
  }

  /** What the document lacks: a schema or an example of something, or one that says nothing or is not true of the other. */
  gaps(): string[] {
    return this.operations.flatMap(({ route, pointer, operation }) => {
      const { parameters = [], requestBody, responses } = operation;
      return [
        ...(Object.keys(responses).some((status) => status.startsWith('2'))
          ? []
          : [`${route}: no good answer`]),
        ...parameters.flatMap(({ name, schema }) =>
          vagueness(schema).map((gap) => `${route} ${name}: ${gap}`),
        ),
        ...(requestBody ? this.gapsOf(`${route}, body`, `${pointer}/requestBody`, requestBody.content) : []),
        ...Object.entries(responses).flatMap(([status, { content }]) =>
          this.gapsOf(`${route} ${status}`, `${pointer}/responses/${status}`, content),
        ),
      ];
    });
  }

  /** What is not as described in an answer of an application in or outside lab mode. @param path with its query, or without */
  faults(method: string, path: string, { status, contentType, body }: Answer): string[] {
    const asked = `${method} ${path.split('?')[0]}`;
    if (ofLab.test(asked)) return [];
    const wanted = asked.replace(/^HEAD /, 'GET ');
    const [found] = this.operations
      .filter(({ at }) => at.test(wanted))
      .sort((a, b) => a.route.split('{').length - b.route.split('{').length);
    if (!found) return ofNoRoute.includes(status) ? [] : [`${asked} is not described, and answers ${status}`];
    const [type = ''] = contentType.split(';');
    const answer = `${found.route} ${status} ${type}`;
    if (!found.operation.responses[status]?.content?.[type]) return [`${answer} is not described`];
    if (method === 'HEAD') return [];
    const values = type === 'application/x-ndjson' ? body.split('\n').filter(Boolean) : [body];
    const pointer = `${found.pointer}/responses/${status}/content/${step(type)}/schema`;
    return values.flatMap((text) =>
      this.mismatches(pointer, type.endsWith('json') ? JSON.parse(text) : text).map(
        (fault) => `${answer}: ${fault}`,
      ),
    );
  }

  private gapsOf(what: string, pointer: string, content: Content = {}): string[] {
    if (Object.keys(content).length === 0) return [`${what}: no content`];
    return Object.entries(content).flatMap(([type, { schema, example, examples = {} }]) => {
      const values = [
        ...(example === undefined ? [] : [example]),
        ...Object.values(examples).map(({ value }) => value),
      ];
      const at = `${pointer}/content/${step(type)}/schema`;
      return [
        ...(values.length > 0 ? [] : ['no example']),
        ...vagueness(schema),
        ...(schema ? values.flatMap((value) => this.mismatches(at, value)) : []),
      ].map((gap) => `${what} ${type}: ${gap}`);
    });
  }

  private mismatches(pointer: string, value: unknown): string[] {
    const validate = this.ajv.getSchema(`api#${pointer}`);
    if (!validate) throw new Error(`Bug: there is no schema at ${pointer}`);
    if (validate(value)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  }
}

/** A step of a JSON pointer that stands in a URI. */
const step = (name: string): string => encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'));

/** Without room for fields that are not described. In the document itself there is: clients are to bear new ones. */
function closed(part: unknown): unknown {
  if (typeof part !== 'object' || part === null) return part;
  if (Array.isArray(part)) return part.map(closed);
  const all = Object.fromEntries(Object.entries(part).map(([name, value]) => [name, closed(value)]));
  return 'properties' in all ? { additionalProperties: false, ...all } : all;
}

interface Schema {
  $ref?: string;
  oneOf?: object[];
  type?: string | string[];
  items?: Schema;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
}

/** Where a schema lets anything pass. */
function vagueness(schema: Schema | undefined, at = ''): string[] {
  if (schema?.$ref !== undefined || schema?.oneOf) return [];
  const { properties, items, additionalProperties: values } = schema ?? {};
  const types = [schema?.type ?? []].flat();
  return [
    ...(types.some((type) => type !== 'null') ? [] : [`${at}: no type`]),
    ...(types.includes('array') && !items ? [`${at}: no items`] : []),
    ...(types.includes('object') && !properties && !values ? [`${at}: no properties`] : []),
    ...Object.entries(properties ?? {}).flatMap(([name, its]) => vagueness(its, `${at}/${name}`)),
    ...(items ? vagueness(items, `${at}/*`) : []),
    ...(typeof values === 'object' ? vagueness(values, `${at}/*`) : []),
  ];
}
