/** The answer if it comes within this many milliseconds; undefined if not: then it is no longer waited for. */
export async function within<T>(ms: number, answer: Promise<T>): Promise<{ value: T } | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), ms);
  try {
    return await Promise.race([answer.then((value) => ({ value })), late]);
  } finally {
    clearTimeout(timer);
  }
}
