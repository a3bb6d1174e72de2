import { hash, randomBytes, timingSafeEqual } from 'node:crypto';

/** `po_<id>_<secret>`: the id finds the key, the secret proves that it may be used. */
const shape = /^po_([0-9a-f]{16})_([0-9a-f]{64})$/;

export interface ApiKeyParts {
  id: string;
  secret: string;
}

export function newApiKey(): string {
  return `po_${randomBytes(8).toString('hex')}_${randomBytes(32).toString('hex')}`;
}

/** @returns undefined for what is no key of ours */
export function readApiKey(text: string): ApiKeyParts | undefined {
  const [, id, secret] = shape.exec(text) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

export function isApiKey(text: string): boolean {
  return shape.test(text);
}

/** What is kept of a secret. It is 256 random bits: nobody can try them out, so it takes no salt and no slow hash. */
export function hashOf(secret: string): Buffer {
  return hash('sha256', secret, 'buffer');
}

/** Takes as long for a wrong secret as for the right one. */
export function isSecretOf(secret: string, kept: Buffer): boolean {
  return timingSafeEqual(hashOf(secret), kept);
}
