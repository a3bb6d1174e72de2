import { compare, SideUnreachable, type CompareOptions, type Comparison } from '@paid-once/compare';
import { pause } from '@paid-once/service/basics';
import { waitingFor } from './output/compare-view.js';

/** Between two comparisons, in milliseconds. */
const firstPauseMs = 100;
const longestPauseMs = 1_000;

/**
 * Compares until both ledgers agree or the time is over; with a time of 0, once.
 * @returns the last comparison
 * @throws SideUnreachable a side did not answer until the time was over
 */
export async function compareUntilAgreed(
  options: CompareOptions & { timeoutMs: number; onWaiting?: (forWhat: string) => void },
): Promise<Comparison> {
  const { timeoutMs, onWaiting = () => {}, ...sides } = options;
  const until = performance.now() + timeoutMs;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 1.5, longestPauseMs)) {
    const timeIsOver = () => performance.now() + pauseMs >= until;
    try {
      const comparison = await compare(sides);
      if (comparison.agree || timeIsOver()) return comparison;
      onWaiting(waitingFor(comparison));
    } catch (error) {
      // Whoever waits for two ledgers waits for their services too.
      if (!(error instanceof SideUnreachable) || timeIsOver()) throw error;
      onWaiting(
        `${error.side === 'ledger' ? 'the ledger' : 'payments'} at ${error.url} to answer (${error.reason})`,
      );
    }
    await pause(pauseMs, options.signal);
    options.signal?.throwIfAborted();
  }
}
