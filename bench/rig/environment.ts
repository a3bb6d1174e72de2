/** @throws Error the variable is not set */
export function environment(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`Bug: ${name} is not set`);
  return value;
}
