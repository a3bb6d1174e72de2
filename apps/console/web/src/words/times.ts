/** UTC with milliseconds, so that it can be compared with every log: "12:04:31.220". */
export function utcTime(iso: string): string {
  return asIso(iso).slice(11, 23);
}

/** "29 Nov 12:04:31.220": for what may be older than today. */
export function utcDateTime(iso: string): string {
  const written = asIso(iso);
  return `${written.slice(0, 10)} ${written.slice(11, 23)}`;
}

export function age(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  if (whole < 86_400) return `${Math.floor(whole / 3_600)} h ${Math.floor((whole % 3_600) / 60)} min`;
  return `${Math.floor(whole / 86_400)} d ${Math.floor((whole % 86_400) / 3_600)} h`;
}

/** "0.8 ms", "21 ms", "1.4 s". */
export function duration(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  return ms < 60_000 ? `${(ms / 1_000).toFixed(1)} s` : age(ms / 1_000);
}

export function secondsSince(iso: string): number {
  return Math.max(0, (Date.now() - Date.parse(iso)) / 1_000);
}

function asIso(iso: string): string {
  const time = new Date(iso);
  return Number.isNaN(time.getTime()) ? iso : time.toISOString();
}
