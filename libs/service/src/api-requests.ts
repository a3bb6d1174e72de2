import { applyDecorators } from '@nestjs/common';
import { ApiBody, ApiQuery } from '@nestjs/swagger';
import { z } from 'zod';
import { asExamples } from './api-answers.js';
import { ApiProblems, refusalBy, type SchemaObject } from './api-problems.js';
import type { QueryParameter } from './query-parameters.js';
import { readBody } from './read-body.js';

/** What nobody may give for any parameter. */
const neverGood = '\0';

/** Which query parameters a route reads; how one is refused is told as its reader says it. */
export function Takes(...parameters: [QueryParameter, ...QueryParameter[]]): MethodDecorator {
  const [{ read }] = parameters;
  return applyDecorators(
    ...parameters.map(({ name, schema, description, required = false }) =>
      ApiQuery({ name, schema, required, ...(description !== undefined && { description }) }),
    ),
    ApiProblems(refusalBy(() => read(neverGood))),
  );
}

/**
 * The body that a route reads by `readBody`, with the same schema: what a schema of JSON cannot say, its refusal tells.
 * @param examples by what they show
 */
export function TakesBody(schema: z.ZodType, examples: Record<string, object>): MethodDecorator {
  const { $schema: _, ...described } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return applyDecorators(
    ApiBody({
      schema: described as SchemaObject,
      examples: asExamples(examples),
    }),
    ...[[], {}].map((bad) => ApiProblems(refusalBy(() => readBody(schema, bad)))),
  );
}
