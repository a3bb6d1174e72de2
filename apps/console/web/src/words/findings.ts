import type { Point } from '../../../src/api.js';
import { count, counted, rate } from './money.js';
import { duration } from './times.js';

// A chart's title says what is to be seen in it: who reads only the titles has read the charts.

/** How many seconds of the past a trend is taken from: long enough not to jump, short enough to see a healed link at once. */
const trendSeconds = 8;

export function backlogFinding(points: readonly Point[]): string {
  const waiting = points.flatMap((point) =>
    point.outbox === null ? [] : [point.outbox + (point.queue ?? 0)],
  );
  const now = waiting.at(-1);
  if (now === undefined) return 'Not known';
  if (now === 0) return 'Nothing waits';
  const before = waiting.at(-trendSeconds) ?? waiting[0] ?? now;
  const perSecond = (now - before) / Math.min(trendSeconds, Math.max(1, waiting.length - 1));
  if (perSecond > 0.5) return `Grows by ${rate(perSecond)} a second: ${count(now)} wait`;
  if (perSecond < -0.5) return `Falls, empty in about ${Math.max(1, Math.round(now / -perSecond))} s`;
  return counted(now, 'payment waits', 'payments wait');
}

export function throughputFinding(points: readonly Point[]): string {
  const recent = points.slice(-3);
  if (recent.length === 0) return 'Nothing is being paid';
  const accepted = mean(recent.map((point) => point.acceptedPerSecond));
  const posted = mean(recent.map((point) => point.postedPerSecond));
  if (accepted < 0.05 && posted < 0.05) return 'Nothing is being paid';
  if (posted < 0.05) return `Accepting ${rate(accepted)} a second, posting none: the money waits`;
  if (posted > accepted * 1.15) return `Posting ${rate(posted)} a second, faster than accepting: catching up`;
  if (accepted > posted * 1.15)
    return `Accepting ${rate(accepted)} a second, posting ${rate(posted)}: falling behind`;
  return `Posting keeps up: ${rate(posted)} a second`;
}

export function latencyFinding(points: readonly Point[]): string {
  const last = points.findLast((point) => point.p95 !== null);
  if (last === undefined || last.p95 === null) return 'Nothing to time';
  const now = last === points.at(-1);
  return now
    ? `95 of 100 are posted within ${duration(last.p95)} of their request`
    : `Nothing is posted now; it took ${duration(last.p95)} for 95 of 100`;
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}
