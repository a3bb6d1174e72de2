import { randomUUID } from 'node:crypto';

/** RFC 9562: milliseconds since 1970, then random bits. */
export function uuidV7() {
  const ms = Date.now().toString(16).padStart(12, '0');
  return `${ms.slice(0, 8)}-${ms.slice(8)}-7${randomUUID().slice(15)}`;
}
