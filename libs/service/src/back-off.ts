/**
 * Endless delays, doubling from `firstMs` to `maxMs`, each drawn from its upper half, so that many processes that lost
 * the same server do not come back in step. Milliseconds.
 */
export function* backOff({ firstMs, maxMs }: { firstMs: number; maxMs: number }): Generator<number, never> {
  for (let ceilingMs = firstMs; ; ceilingMs = Math.min(ceilingMs * 2, maxMs))
    yield Math.round(ceilingMs * (0.5 + Math.random() / 2));
}
