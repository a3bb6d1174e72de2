/** Waits until a condition holds; fails with what it last saw. @returns how long that took, in milliseconds */
export async function eventually(check: () => Promise<void> | void, withinMs = 10_000): Promise<number> {
  const startedAt = performance.now();
  for (;;) {
    try {
      await check();
      return performance.now() - startedAt;
    } catch (error) {
      if (performance.now() - startedAt > withinMs) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
