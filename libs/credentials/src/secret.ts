import { hash, timingSafeEqual } from 'node:crypto';

/** What is kept of a secret. It is 256 random bits: nobody can try them out, so it takes no salt and no slow hash. */
export function hashOf(secret: string): Buffer {
  return hash('sha256', secret, 'buffer');
}

/** Takes as long for a wrong secret as for the right one. */
export function isSecretOf(secret: string, kept: Buffer): boolean {
  return timingSafeEqual(hashOf(secret), kept);
}
