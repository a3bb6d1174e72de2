import { randomBytes } from 'node:crypto';

/** What a caller may be allowed: to pay, to read its own payments, and everything else. */
export const scopes = ['pay', 'read', 'operate'] as const;
export type Scope = (typeof scopes)[number];

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
