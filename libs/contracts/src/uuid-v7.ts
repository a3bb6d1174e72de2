const pattern = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Whether this is a UUIDv7 in its canonical lower-case form. Ours are made by the payments database (RFC 9562). */
export function isUuidV7(text: string): boolean {
  return pattern.test(text);
}

/** Whether this is a UUID of any kind in that form: the ends of ranges need not be anybody's ids. */
export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
}

/** When a UUIDv7 was made, in milliseconds since 1970, by the clock of the database that made it. */
export function uuidV7TimeMs(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}
