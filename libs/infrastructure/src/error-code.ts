/**
 * The code of a system's or Postgres' error, such as ENOENT or 42P04. Not by `instanceof`: under Jest the errors of
 * Node's own modules are of another realm's Error.
 */
export function errorCode(error: unknown): string | undefined {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : undefined;
}
