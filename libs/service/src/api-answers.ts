import { STATUS_CODES } from 'node:http';
import { ApiResponse } from '@nestjs/swagger';
import { schemaOf } from './schema-of.js';

/** Examples of what a route answers, by what they show: checked against what it really returns. */
export type ExamplesOf<Controller, Route extends keyof Controller> = Record<
  string,
  Controller[Route] extends (...request: never[]) => infer Answer ? Awaited<Answer> : never
>;

/**
 * What a route answers when all is well, with the schema that these examples have.
 * @param examples by what they show; dates may stand in them, which become text as in any answer
 */
export function Answers(
  examples: Record<string, unknown>,
  {
    status = 200,
    description = STATUS_CODES[status] ?? '',
    contentType = 'application/json',
  }: { status?: number; description?: string; contentType?: string } = {},
): MethodDecorator {
  const told = JSON.parse(JSON.stringify(examples)) as Record<string, unknown>;
  return ApiResponse({
    status,
    description,
    content: { [contentType]: { schema: schemaOf(Object.values(told)), examples: asExamples(told) } },
  });
}

/** @param values by name */
export function asExamples(values: Record<string, unknown>): Record<string, { value: unknown }> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value }]));
}
