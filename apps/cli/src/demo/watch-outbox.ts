import { pause } from '@paid-once/service/basics';
import { relayStatus } from '../relay-status.js';

const betweenLooksMs = 200;

export interface OutboxWatch {
  /** What waited at the last look. */
  readonly pending: number;
  readonly peak: number;
  look(): Promise<void>;
  stop(): void;
}

/** Looks how many messages wait in the outbox, again and again, until it is stopped. */
export function watchOutbox(relayUrl: string, signal: AbortSignal): OutboxWatch {
  const stopping = new AbortController();
  const watch = {
    pending: 0,
    peak: 0,
    async look() {
      const { pending } = await relayStatus(relayUrl, signal);
      watch.pending = pending;
      watch.peak = Math.max(watch.peak, pending);
    },
    stop: () => stopping.abort(),
  };
  void (async () => {
    while (!stopping.signal.aborted && !signal.aborted) {
      await watch.look().catch(() => {}); // a look that fails only leaves the last figure standing
      await pause(betweenLooksMs, stopping.signal);
    }
  })();
  return watch;
}
