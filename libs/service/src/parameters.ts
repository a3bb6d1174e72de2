import { isUuid, isUuidV7 } from '@paid-once/contracts';
import { Problem } from './problem.js';

export class ParameterInvalid extends Problem {
  readonly type = '/problems/invalid-parameter';
  readonly status = 400;
  readonly title = 'A query parameter cannot be used';
}

/** Smaller than every UUIDv7. */
export const firstId = '00000000-0000-0000-0000-000000000000';

export function readId(parameter: string, id: unknown): string {
  if (typeof id === 'string' && (id === firstId || isUuidV7(id))) return id;
  throw new ParameterInvalid(`${parameter}: give the id of a payment.`);
}

/** An end of a range: any UUID, for it need be nobody's id. */
export function readUuid(parameter: string, id: unknown): string {
  if (typeof id === 'string' && isUuid(id)) return id;
  throw new ParameterInvalid(`${parameter}: give a UUID.`);
}

type Range = Partial<Record<'after' | 'until' | 'olderThan', string | undefined>>;

/** Payment ids after `after`, up to and with `until`, without the messages from `olderThan` on; undefined for no end. */
export function readRange(query: Record<string, unknown>): Range {
  const read = (end: keyof Range) => (query[end] === undefined ? undefined : readUuid(end, query[end]));
  return { after: read('after'), until: read('until'), olderThan: read('olderThan') };
}

export function readDigits(digits: unknown): number {
  if (digits === undefined) return 8;
  if (typeof digits === 'string' && /^([89]|1[0-2])$/.test(digits)) return Number(digits);
  throw new ParameterInvalid('digits: give a number from 8 to 12.');
}

/** What is misspelt would else be a default that nobody asked for. @param unknown those that a route does not know */
export function refuseParameters(unknown: Record<string, unknown>): void {
  const [name] = Object.keys(unknown);
  if (name !== undefined) throw new ParameterInvalid(`${name.slice(0, 64)}: is no parameter of this.`);
}

/** How many items a page has: 50 where nothing is asked for, 200 at most. */
export function readLimit(limit: unknown): number {
  if (limit === undefined) return 50;
  const count = typeof limit === 'string' && /^\d{1,3}$/.test(limit) ? Number(limit) : 0;
  if (count < 1 || count > 200) throw new ParameterInvalid('limit: give a whole number from 1 to 200.');
  return count;
}

export function readFlag(parameter: string, flag: unknown): boolean {
  if (flag === undefined || flag === 'false') return false;
  if (flag === 'true') return true;
  throw new ParameterInvalid(`${parameter}: give true or false.`);
}
