import { z } from 'zod';
import { WrittenNumber } from './json-body.js';
import { FrameworkProblem, Problem } from './problem.js';

/** What a list of a thousand ids needs, with room for white space, in bytes: for `BodyLimit`. */
export const listBodyBytes = 64 * 1024;

class BodyInvalid extends Problem {
  readonly type = '/problems/validation-failed';
  readonly status = 422;
  readonly title = 'The request has a field that cannot be accepted';

  constructor(override readonly errors: { pointer: string; code: string; detail: string }[]) {
    super(`${errors.map(({ pointer, detail }) => `${pointer}: ${detail}`).join('; ')}. Nothing was changed.`);
  }
}

/**
 * Reads the body of a request that is no payment. All its faults are told together, ten at most.
 * @throws Problem 400 when it is no JSON object, 422 when a field is missing, unknown or not acceptable
 */
export function readBody<Body>(schema: z.ZodType<Body>, body: unknown): Body {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new FrameworkProblem(
      400,
      'malformed-json',
      'The body is not a JSON object',
      'Send one JSON object.',
    );
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new BodyInvalid(
    parsed.error.issues.slice(0, 10).map(({ path, code, message }) => ({
      pointer: `/${path.map((step) => String(step).slice(0, 64)).join('/')}`,
      code,
      detail: message.slice(0, 200),
    })),
  );
}

/** A whole number, from its text: bodies are read without turning numbers into floats. */
export const wholeNumber = ({ min, max }: { min: number; max: number }) =>
  z
    .instanceof(WrittenNumber, { error: 'must be a whole number' })
    .transform(({ text }) => Number(text))
    .pipe(z.int('must be a whole number').min(min).max(max))
    .meta({ type: 'integer', minimum: min, maximum: max });
