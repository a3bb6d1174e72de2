import {
  compare,
  Markers,
  SideUnreachable,
  type BreakRow,
  type CompareOptions,
  type Comparison,
} from '@paid-once/compare';
import { pause } from '@paid-once/service/basics';
import { waitingFor } from './output/compare-view.js';
import { apiKey } from './credential.js';

/** Between two comparisons, in milliseconds. */
const firstPauseMs = 100;
const longestPauseMs = 1_000;

/** Takes the breaks of one comparison after the other; only those of the last count. */
export interface BreakSink {
  /** A comparison begins: what came before was not the last. */
  begin(): Promise<void>;
  add(row: BreakRow): Promise<void> | void;
}

export interface CompareUntilAgreed extends Omit<CompareOptions, 'markers' | 'onBreak'> {
  /** In milliseconds; with 0 the ledgers are compared once. */
  timeoutMs: number;
  /** Whether markers are sent, that tell what is missing from what is on its way. Default: with a time to wait. */
  sendMarkers?: boolean;
  onWaiting?: (forWhat: string) => void;
  breaks?: BreakSink | undefined;
}

/**
 * Compares until both ledgers agree or the time is over.
 * @returns the last comparison
 * @throws SideUnreachable a side did not answer until the time was over
 */
export async function compareUntilAgreed(options: CompareUntilAgreed): Promise<Comparison> {
  const { timeoutMs, onWaiting = () => {}, sendMarkers = timeoutMs > 0, breaks, ...asked } = options;
  const sides = { ...asked, key: apiKey() };
  const until = performance.now() + timeoutMs;
  const markers = new Markers(sides);
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 1.5, longestPauseMs)) {
    const timeIsOver = () => performance.now() + pauseMs >= until;
    try {
      await breaks?.begin();
      const comparison = await compare({
        ...sides,
        markers: markers.arrived,
        ...(breaks && { onBreak: (row) => breaks.add(row) }),
      });
      if (comparison.agree || timeIsOver()) return comparison;
      onWaiting(waitingFor(comparison));
      if (sendMarkers && comparison.breaks.inBroker.count > 0) await markers.look();
    } catch (error) {
      // Whoever waits for two ledgers waits for their services too.
      if (!(error instanceof SideUnreachable) || timeIsOver()) throw error;
      if (error.status === 404) markers.forget();
      onWaiting(
        `${error.side === 'ledger' ? 'the ledger' : 'payments'} at ${error.url} to answer (${error.reason})`,
      );
    }
    await pause(pauseMs, options.signal);
    options.signal?.throwIfAborted();
  }
}
