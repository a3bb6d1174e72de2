import type { RunningProcess } from './running-process.js';
import { poll } from './poll.js';

/**
 * Waits until a server answers.
 * @param ask asks it once
 * @returns false when it ended before, or did not answer within `limitMs` milliseconds
 */
export async function becomesReady(
  server: RunningProcess,
  ask: () => Promise<true | undefined>,
  limitMs = 120_000,
): Promise<boolean> {
  let ended = false;
  void server.exited.then(() => (ended = true));
  return (await poll<boolean>(async () => (ended ? false : await ask()), limitMs)) ?? false;
}
