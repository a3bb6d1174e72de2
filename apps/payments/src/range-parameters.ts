import { afterAll, isUuid, type DigestRange } from '@paid-once/compare';
import { isUuidV7 } from '@paid-once/contracts';
import { ParameterInvalid } from './payment-problems.js';

/** Smaller than every UUIDv7. */
const firstId = '00000000-0000-0000-0000-000000000000';

export function readId(parameter: string, id: unknown): string {
  if (typeof id === 'string' && (id === firstId || isUuidV7(id))) return id;
  throw new ParameterInvalid(`${parameter}: give the id of a payment.`);
}

/** Where an export begins: after a payment id, or after one of its events, `id/type`. */
export function readPosition(after: unknown): [id: string, type: string] {
  if (after === undefined) return [firstId, ''];
  const [id = '', type] = typeof after === 'string' ? after.split('/') : [];
  return [readUuid('after', id), type ?? '~']; // '~' sorts after every type: an id alone means all of its events
}

export function readRange({ after, until, olderThan }: Record<string, unknown>): DigestRange {
  return {
    after: after === undefined ? undefined : readUuid('after', after),
    until: readUntil(until),
    olderThan: readOlderThan(olderThan),
  };
}

export function readUntil(until: unknown): string {
  return until === undefined ? afterAll : readUuid('until', until);
}

export function readOlderThan(olderThan: unknown): string | undefined {
  return olderThan === undefined ? undefined : readUuid('olderThan', olderThan);
}

export function readDigits(digits: unknown): number {
  if (digits === undefined) return 8;
  if (typeof digits === 'string' && /^([89]|1[0-2])$/.test(digits)) return Number(digits);
  throw new ParameterInvalid('digits: give a number from 8 to 12.');
}

/** At most ten years. */
export function readSeconds(seconds: unknown): number {
  const value = typeof seconds === 'string' && /^\d{1,9}(\.\d{1,6})?$/.test(seconds) ? Number(seconds) : -1;
  if (value < 0 || value > 315_360_000) throw new ParameterInvalid('seconds: give a number of seconds.');
  return value;
}

function readUuid(parameter: string, id: unknown): string {
  if (typeof id === 'string' && isUuid(id)) return id;
  throw new ParameterInvalid(`${parameter}: give a UUID.`);
}
