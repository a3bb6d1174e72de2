import { pause } from '@paid-once/service/basics';
import { exitCodes } from '../exit-codes.js';
import { CliFailure } from '../failure.js';
import type { Output } from '../output/output.js';
import { progressOf, waitingLine } from '../output/progress.js';
import { age, counted } from '../output/words.js';
import { interventionWith, type Intervention } from './interventions.js';

/** Between two looks, in milliseconds. */
const firstPauseMs = 50;
const longestPauseMs = 1_000;

export interface Waiting {
  out: Output;
  paymentsUrl: string;
  /** Given up when nothing has moved for so long. */
  patienceMs: number;
  signal: AbortSignal;
}

/**
 * Waits until the relay has done what was asked for, and shows how far it is.
 * @param expected how many messages will be published in all
 * @returns the interventions as they ended
 * @throws CliFailure nothing moved for too long: it is still asked for, and will be done
 */
export async function untilFinished(
  ids: readonly string[],
  expected: number,
  { out, paymentsUrl, patienceMs, signal }: Waiting,
): Promise<Intervention[]> {
  const finished = new Map<string, Intervention>();
  const progress = progressOf(out, 'messages');
  const waiting = waitingLine(out);
  let moved = { at: performance.now(), published: 0, finished: 0 };
  try {
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 1.5, longestPauseMs)) {
      const open: Intervention[] = [];
      for (const id of ids.filter((each) => !finished.has(each))) {
        const now = await interventionWith(id, paymentsUrl, signal);
        if (now.finishedAt === null) open.push(now);
        else finished.set(id, now);
      }
      if (open.length === 0) return [...finished.values()];
      const published = messagesIn([...finished.values(), ...open]);
      if (published !== moved.published || finished.size !== moved.finished)
        moved = { at: performance.now(), published, finished: finished.size };
      const stillMs = performance.now() - moved.at;
      if (stillMs > patienceMs) throw notMoving(open, patienceMs);
      if (stillMs < 2 * longestPauseMs)
        progress.update(published, Math.max(expected, published), 'published again');
      else waiting.show(`the relay to go on: ${shardsOf(open)}`);
      await pause(pauseMs, signal);
      signal.throwIfAborted();
    }
  } catch (error) {
    if (signal.aborted) out.note('What was asked for stays asked for: the relay goes on with it.');
    throw error;
  } finally {
    waiting.end();
    progress.end();
  }
}

/** How many messages these have published. */
export function messagesIn(interventions: readonly Intervention[]): number {
  return interventions.reduce((sum, { messages }) => sum + messages, 0);
}

function notMoving(open: readonly Intervention[], patienceMs: number): CliFailure {
  return new CliFailure(
    exitCodes.unreachable,
    `Nothing has moved for ${age(patienceMs / 1_000)}: ${counted(open.length, 'intervention')} still open (${shardsOf(open)}).`,
    'Nothing is lost or done twice: it stays asked for, and the relay does it as soon as it can.',
    'npx paid-once status',
  );
}

function shardsOf(open: readonly Intervention[]): string {
  const shards = [...new Set(open.map(({ shard }) => shard))].toSorted((a, b) => (a ?? 0) - (b ?? 0));
  return `shard${shards.length === 1 ? '' : 's'} ${shards.join(', ')}`;
}
