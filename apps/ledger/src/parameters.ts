import { isUuidV7 } from '@paid-once/contracts';
import { Problem } from '@paid-once/service';

export class ParameterInvalid extends Problem {
  readonly type = '/problems/invalid-parameter';
  readonly status = 400;
  readonly title = 'A parameter of the request is invalid';
}

/** Smaller than every UUIDv7. */
export const firstId = '00000000-0000-0000-0000-000000000000';

export function readId(parameter: string, id: unknown): string {
  if (typeof id === 'string' && (id === firstId || isUuidV7(id))) return id;
  throw new ParameterInvalid(`${parameter}: give the id of a payment.`);
}

/** How many items on a page: 1 to 200, 50 if not said. */
export function readLimit(limit: unknown): number {
  if (limit === undefined) return 50;
  const asked = typeof limit === 'string' && /^\d{1,3}$/.test(limit) ? Number(limit) : 0;
  if (asked < 1 || asked > 200) throw new ParameterInvalid('limit: give a number from 1 to 200.');
  return asked;
}

export function readText(parameter: string, text: unknown, pattern: RegExp): string {
  if (typeof text === 'string' && pattern.test(text)) return text;
  throw new ParameterInvalid(`${parameter}: give what "next" of the page before said.`);
}
