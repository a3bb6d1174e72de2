import { isUuidV7 } from '@paid-once/contracts';
import { Problem } from '@paid-once/service';
import { z } from 'zod';

/** What a list of a thousand ids needs, with room for white space, in bytes. */
export const listBodyBytes = 64 * 1024;

export const messageId = z.string().refine(isUuidV7, 'is no UUIDv7');

class BodyInvalid extends Problem {
  readonly type = '/problems/validation-failed';
  readonly status = 422;
  readonly title = 'The request is not valid';

  constructor(override readonly errors: { pointer: string; code: string; detail: string }[]) {
    super(errors.map(({ pointer, detail }) => `${pointer || 'the body'}: ${detail}`).join('; '));
  }
}

/** @throws BodyInvalid (422), with each fault */
export function readBody<Body>(schema: z.ZodType<Body>, body: unknown): Body {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new BodyInvalid(
    parsed.error.issues.slice(0, 10).map(({ path, code, message }) => ({
      pointer: path.map((step) => `/${String(step)}`).join(''),
      code,
      detail: message,
    })),
  );
}
