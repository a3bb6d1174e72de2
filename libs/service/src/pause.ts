import { setTimeout } from 'node:timers/promises';

/** Waits, or stops waiting at once when the signal comes; never throws. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal }).catch(() => {});
}
