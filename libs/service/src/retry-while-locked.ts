import { backOff } from './back-off.js';
import { pause } from './pause.js';
import { sqlState } from './postgres-errors.js';

/** lock_not_available: lock_timeout has passed; deadlock_detected: somebody had to give way. */
const lockFaults = ['55P03', '40P01'];
const limitMs = 120_000;

/**
 * Runs work that is undone when it fails, again and again for as long as locks of others are in its way.
 * @throws what else goes wrong; and that of the lock after two minutes: some transaction has been open all that time
 */
export async function retryWhileLocked<Result>(work: () => Promise<Result>): Promise<Result> {
  const until = performance.now() + limitMs;
  const delays = backOff({ firstMs: 100, maxMs: 1_000 });
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!lockFaults.includes(sqlState(error) ?? '') || performance.now() > until) throw error;
    }
    await pause(delays.next().value);
  }
}
