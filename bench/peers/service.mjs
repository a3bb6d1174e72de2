// How the bench runs a program that serves until it is told to stop.
import { say } from './protocol.mjs';

/** Says `{"ready":true}`; on SIGTERM stops and exits 0, also when stopping fails or hangs. */
export function serveUntilTerm(stop) {
  process.once('SIGTERM', async () => {
    setTimeout(() => process.exit(0), 1_500).unref();
    try {
      await stop();
    } finally {
      process.exit(0);
    }
  });
  say({ ready: true });
}
