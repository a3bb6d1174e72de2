/** UTC with milliseconds, so that it can be compared with every log: "12:04:31.220". */
export function utcTime(iso: string): string {
  return asIso(iso).slice(11, 23);
}

/** "29 Nov 12:04:31.220": for what may be older than today. */
export function utcDateTime(iso: string): string {
  const written = asIso(iso);
  return `${written.slice(0, 10)} ${written.slice(11, 23)}`;
}

/** "12 s", "3 min 20 s". With a space that does not break: a unit alone on a line tells nothing. */
export function age(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole}\u00a0s`;
  if (whole < 3_600) return `${Math.floor(whole / 60)}\u00a0min ${whole % 60}\u00a0s`;
  if (whole < 86_400)
    return `${Math.floor(whole / 3_600)}\u00a0h ${Math.floor((whole % 3_600) / 60)}\u00a0min`;
  return `${Math.floor(whole / 86_400)}\u00a0d ${Math.floor((whole % 86_400) / 3_600)}\u00a0h`;
}

/** "0.8 ms", "21 ms", "1.4 s". */
export function duration(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)}\u00a0ms`;
  if (ms < 1_000) return `${Math.round(ms)}\u00a0ms`;
  return ms < 60_000 ? `${(ms / 1_000).toFixed(1)}\u00a0s` : age(ms / 1_000);
}

export function secondsSince(iso: string): number {
  return Math.max(0, (Date.now() - Date.parse(iso)) / 1_000);
}

function asIso(iso: string): string {
  const time = new Date(iso);
  return Number.isNaN(time.getTime()) ? iso : time.toISOString();
}
