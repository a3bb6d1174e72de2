import { setTimeout as delay } from 'node:timers/promises';
import type { RetryOptions } from './pay-types.js';
import type { Attempt, PaymentRequest, PaymentSender } from './send-payment.js';

export interface RetryPolicy extends Required<RetryOptions> {
  /** From 0 up to 1, for the jitter. */
  random: () => number;
}

export interface RowOutcome {
  outcome: 'accepted' | 'replayed' | 'refused' | 'failed';
  status: number | undefined;
  detail: string;
}

/**
 * Sends one payment until its outcome is known or the time is up. Every attempt is the same request with the same key.
 * @param onAttempt called after each attempt
 */
export async function payRow(
  sender: PaymentSender,
  request: PaymentRequest,
  retry: RetryPolicy | false,
  signal: AbortSignal,
  onAttempt: (attempt: Attempt) => void,
): Promise<RowOutcome> {
  const lastStartMs = performance.now() + (retry ? retry.limitMs : 0);
  for (let attempts = 1; ; attempts++) {
    const attempt = await sender.send(request, signal);
    onAttempt(attempt);
    const verdict = judge(attempt);
    if (verdict !== 'again') return { outcome: verdict, ...whatWasSaid(attempt) };
    if (!retry || signal.aborted) return { outcome: 'failed', ...whatWasSaid(attempt) };
    const leftMs = lastStartMs - performance.now();
    const askedMs = attempt.kind === 'answered' ? attempt.retryAfterMs : 0;
    if (leftMs <= 0 || askedMs > leftMs) return { outcome: 'failed', ...whatWasSaid(attempt) };
    // One last attempt is made when the time is up, rather than none after a pause that would be too long.
    await delay(Math.min(Math.max(pauseMs(retry, attempts), askedMs), leftMs), undefined, { signal }).catch(
      () => {},
    );
    if (signal.aborted) return { outcome: 'failed', ...whatWasSaid(attempt) };
  }
}

/** Only these may turn out otherwise on another try; any other 4xx is a no for good. */
const worthRetrying = new Set([409, 429]);

function judge(attempt: Attempt): RowOutcome['outcome'] | 'again' {
  if (attempt.kind === 'unknown') return 'again';
  const { status } = attempt;
  if (status === 208) return 'replayed';
  if (status >= 200 && status < 300) return 'accepted';
  if (status >= 500 || worthRetrying.has(status)) return 'again';
  return status >= 400 ? 'refused' : 'failed'; // a redirect is nothing a payment follows
}

/** Full jitter: anything up to a range that doubles, so that rows that failed together do not come back together. */
export function pauseMs({ firstDelayMs, maxDelayMs, random }: RetryPolicy, attempts: number): number {
  return random() * Math.min(firstDelayMs * 2 ** Math.min(attempts - 1, 30), maxDelayMs);
}

function whatWasSaid(attempt: Attempt): { status: number | undefined; detail: string } {
  return { status: attempt.kind === 'answered' ? attempt.status : undefined, detail: attempt.detail };
}
