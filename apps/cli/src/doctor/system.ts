import { apiKey } from '../credential.js';
import type { SystemUrls } from '../settings.js';
import { bad, ok, warn, type Finding } from './finding.js';

const answerMs = 3_000;
const skewSeconds = 2;

/** Whether a system of ours answers there, whoever started it. */
export async function isThere({ payments }: SystemUrls, signal: AbortSignal): Promise<boolean> {
  const answer = await fetch(`${payments}/health/live`, {
    signal: AbortSignal.any([signal, AbortSignal.timeout(answerMs)]),
  }).catch(() => undefined);
  await answer?.body?.cancel();
  return answer?.ok === true;
}

/** Whether each process of a running system is ready, and whether its clock is ours. */
export async function ofSystem(urls: SystemUrls, signal: AbortSignal): Promise<Finding[]> {
  const parts = ['payments', 'relay', 'ledger'] as const;
  const findings = await Promise.all(parts.map((part) => ofProcess(part, urls[part], signal)));
  return findings.flat();
}

async function ofProcess(name: string, url: string, signal: AbortSignal): Promise<Finding[]> {
  const askedAt = Date.now();
  const key = apiKey();
  const answer = await fetch(`${url}/health/ready`, {
    ...(key !== undefined && { headers: { authorization: `Bearer ${key}` } }),
    signal: AbortSignal.any([signal, AbortSignal.timeout(answerMs)]),
  }).catch(() => undefined);
  if (answer === undefined)
    return [bad(name, `nobody answers at ${url}`, 'Start it: npm start, or docker compose up')];
  const report: unknown = await answer.json().catch(() => undefined);
  const ready = answer.ok
    ? ok(name, `ready at ${url}`)
    : bad(name, `not ready: ${lackingIn(report)}`, 'npx paid-once status');
  return [ready, ...ofClock(name, answer.headers.get('date'), askedAt)];
}

function lackingIn(report: unknown): string {
  const { error } = (report ?? {}) as { error?: Record<string, { message?: string }> };
  const lacking = Object.entries(error ?? {}).map(([what, { message }]) => `${what}: ${message ?? 'down'}`);
  return lacking.join('; ') || 'why is told to an API key with `operate` (PAID_ONCE_API_KEY)';
}

/** Nothing is said of a clock that is right. */
function ofClock(name: string, date: string | null, askedAt: number): Finding[] {
  const seconds = date === null ? 0 : Math.round((Date.parse(date) - askedAt) / 1_000);
  if (Math.abs(seconds) <= skewSeconds) return [];
  const says = `is ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead' : 'behind'} of this machine's`;
  return [warn(`clock of ${name}`, says, 'Ages and times are told wrong. See docs/runbook/clock-wrong.md')];
}
