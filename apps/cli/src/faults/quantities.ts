import { InvalidArgumentError } from 'commander';

const [hourMs, dayMs] = [3_600_000, 86_400_000];
const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: hourMs, d: dayMs };

/**
 * "800ms", "2s", "1.5s", "1m", "2h", "1d" as whole milliseconds.
 * @param bounds in milliseconds
 * @throws InvalidArgumentError, which says what is right
 */
export function duration(text: string, { minMs, maxMs }: { minMs: number; maxMs: number }): number {
  const [, number, unit = ''] = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)$/.exec(text) ?? [];
  if (number === undefined)
    throw new InvalidArgumentError('It is a time with its unit, such as 800ms, 2s, 1m or 2h.');
  const ms = Math.round(Number(number) * (unitsMs[unit] ?? 1));
  if (ms < minMs || ms > maxMs)
    throw new InvalidArgumentError(`It is a time from ${durationText(minMs)} to ${durationText(maxMs)}.`);
  return ms;
}

/** 800 as "800 ms", 2000 as "2 s", 60000 as "1 min"; from two on hours and days. */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${ms} ms`;
  if (ms >= 2 * dayMs && ms % dayMs === 0) return `${ms / dayMs} days`;
  if (ms >= 2 * hourMs && ms % hourMs === 0) return `${ms / hourMs} h`;
  return ms < 60_000 || ms % 60_000 > 0 ? `${ms / 1_000} s` : `${ms / 60_000} min`;
}

/** "30%", "30 %", "30" as 30. @throws InvalidArgumentError, which says what is right */
export function percentage(text: string): number {
  const [, number] = /^(\d{1,3}(?:\.\d{1,3})?) ?%?$/.exec(text) ?? [];
  const percent = Number(number);
  if (!(percent > 0 && percent <= 100))
    throw new InvalidArgumentError('It is a share above 0 and at most 100 percent, such as 30% or 30.');
  return percent;
}
