import { applyDecorators } from '@nestjs/common';
import { ApiResponse, type OpenAPIObject } from '@nestjs/swagger';
import type { Problem } from './problem.js';

type SchemaObject = Exclude<
  NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>[string],
  { $ref: string }
>;

/** What every error looks like, as OpenAPI describes it. */
export const problemSchema: SchemaObject = {
  type: 'object',
  description: 'RFC 9457. Programs decide by `type`, which never changes.',
  required: ['type', 'title', 'status', 'detail', 'instance'],
  properties: {
    type: { type: 'string', description: 'A page of docs/problems.', example: '/problems/overloaded' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'What it means for the money, and what to do.' },
    instance: { type: 'string', description: 'The path of the request.' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['pointer', 'code', 'detail'],
        properties: { pointer: { type: 'string' }, code: { type: 'string' }, detail: { type: 'string' } },
      },
    },
  },
};

const problemType = 'application/problem+json';

/** The response of one status, with an example of each problem that may be its reason: as the code writes them. */
export function problemResponse(problems: Problem[], path: string) {
  const names = problems.map(({ type }) => type.split('/').at(-1) ?? '');
  return {
    description: [...new Set(problems.map(({ title }) => title))].join('. '),
    content: {
      [problemType]: {
        schema: { $ref: '#/components/schemas/Problem' },
        examples: Object.fromEntries(
          problems.map((problem, n) => [names[n], { value: problem.document(path) }]),
        ),
      },
    },
  };
}

/** Which problems a route may answer, beside those that any may. */
export function ApiProblems(path: string, ...problems: Problem[]): MethodDecorator {
  const byStatus = Map.groupBy(problems, ({ status }) => status);
  return applyDecorators(
    ...[...byStatus].map(([status, its]) => ApiResponse({ status, ...problemResponse(its, path) })),
  );
}
