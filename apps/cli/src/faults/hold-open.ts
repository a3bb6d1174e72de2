import type { LinkState } from '@paid-once/links';
import { pause } from '@paid-once/service/basics';
import type { Output } from '../output/output.js';
import { waitingLine } from '../output/progress.js';

/** How often the countdown is drawn, in milliseconds. */
const drawnEveryMs = 250;

/**
 * Counts down while a link stays broken, then heals it; at once, if the signal comes first.
 * @returns the healed links, and for how many seconds they were broken
 */
export async function holdOpen(options: {
  out: Output;
  signal: AbortSignal;
  ms: number;
  linkOrGroup: string;
  heal: () => Promise<LinkState[]>;
}): Promise<{ links: LinkState[]; brokenSeconds: number }> {
  const { out, signal, ms, linkOrGroup, heal } = options;
  const startMs = performance.now();
  const line = waitingLine(out);
  for (let leftMs = ms; leftMs > 0 && !signal.aborted; leftMs = ms - (performance.now() - startMs)) {
    line.show(`${linkOrGroup} is healed in ${Math.ceil(leftMs / 1_000)} s (Ctrl-C: now)`);
    await pause(Math.min(leftMs, drawnEveryMs), signal);
  }
  line.end();
  const links = await heal();
  return { links, brokenSeconds: Math.round((performance.now() - startMs) / 100) / 10 };
}
