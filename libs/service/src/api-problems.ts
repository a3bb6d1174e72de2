import { applyDecorators } from '@nestjs/common';
import { ApiResponse, type OpenAPIObject } from '@nestjs/swagger';
import { Problem } from './problem.js';

export type SchemaObject = Exclude<
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

/** What is answered with one status. */
export type ResponseObject = Exclude<
  NonNullable<OpenAPIObject['paths'][string]['get']>['responses'][string],
  { $ref: string } | undefined
>;

/** Which problems a route may answer, beside those that any may; all of one status at once. */
export function ApiProblems(...problems: Problem[]): MethodDecorator {
  const byStatus = Map.groupBy(problems, ({ status }) => status);
  return applyDecorators(
    ...[...byStatus].map(([status, its]) => ApiResponse({ status, ...withProblems(undefined, its) })),
  );
}

/**
 * With an example of each problem that may be the reason for a status, as the code writes it.
 * @param response what the route itself says of this status: that stays
 */
export function withProblems(response: ResponseObject | undefined, problems: Problem[]): ResponseObject {
  const { description = '', content = {} } = response ?? {};
  const said = content[problemType]?.examples ?? {};
  const others = problems.filter((problem) => !(nameOf(problem) in said));
  const examples = others.map((problem) => [nameOf(problem), { value: problem.document('') }]);
  return {
    description: [...new Set([description, ...others.map(({ title }) => title)])].filter(Boolean).join('. '),
    content: {
      ...content,
      [problemType]: {
        schema: { $ref: '#/components/schemas/Problem' },
        examples: { ...said, ...Object.fromEntries(examples) },
      },
    },
  };
}

/** The examples of a route's problems name its path: its decorators do not know it. */
export function sayWhere({ content }: ResponseObject, path: string): void {
  for (const example of Object.values(content?.[problemType]?.examples ?? {}))
    Object.assign((example as { value: object }).value, { instance: path });
}

/** How a request is refused, as whoever reads it says so. @param read what throws it */
export function refusalBy(read: () => unknown): Problem {
  try {
    read();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('Bug: this is an example of what is refused');
}

const nameOf = ({ type }: Problem): string => type.split('/').at(-1) ?? '';
