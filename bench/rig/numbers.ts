/** A figure that was measured once in each round. */
export interface Spread {
  median: number;
  min: number;
  max: number;
}

export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  return { median: median(values), min: sorted[0] ?? NaN, max: sorted.at(-1) ?? NaN };
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** @param share 0 … 1 */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const below = sorted[Math.floor(at)] ?? NaN;
  const above = sorted[Math.ceil(at)] ?? NaN;
  return below + (above - below) * (at - Math.floor(at));
}

/** To three digits that count. */
export function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
