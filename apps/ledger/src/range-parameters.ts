import { afterAll, isUuid, type DigestRange } from '@paid-once/compare';
import { firstId, ParameterInvalid } from './parameters.js';

const afterEveryOccurrence = 32_767;

/** Where an export begins: after a payment id, or after one of its events, `id/type`. */
export function readPosition(after: unknown): [id: string, kind: string, occurrence: number] {
  if (after === undefined) return [firstId, '', 0];
  const [id = '', type = 'payment.reversed'] = typeof after === 'string' ? after.split('/') : [];
  return [readUuid('after', id), type === 'payment.accepted' ? 'payment' : 'reversal', afterEveryOccurrence];
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

function readUuid(parameter: string, id: unknown): string {
  if (typeof id === 'string' && isUuid(id)) return id;
  throw new ParameterInvalid(`${parameter}: give a UUID.`);
}
