import { inTurn, type Rounds } from '../rig/rounds.js';
import { say } from '../rig/say.js';
import type { BenchSystem } from '../rig/system.js';
import { drain, withoutHistory } from './drain.js';
import type { OutboxWithHistory } from './outbox-with-history.js';
import { windowCost, type WindowCost } from './window-cost.js';

export type Held = 'nothing' | 'write transaction' | 'snapshot';

/** How an outbox does behind so many published messages. */
export interface HistoryPoint extends WindowCost {
  /** What was held open since before the first of them was written. */
  held: Held;
  history: number;
  perSecond: number;
  /** To draining an outbox without history, in turn. */
  ratio: number;
  /** What the relay and its Postgres spend on a message, to the same without history. */
  costRatio: number;
  /** outbox_message with its indexes. */
  tableMb: number;
  rounds: Rounds<'no history' | 'history'>;
}

export async function historyPoint(
  system: BenchSystem,
  outbox: OutboxWithHistory,
  { history, messages, rounds, held }: { history: number; messages: number; rounds: number; held: Held },
): Promise<HistoryPoint> {
  await outbox.growTo(history);
  const tableMb = await outbox.tableMb();
  const cost = await windowCost(outbox);
  const runs = await inTurn(`growth, ${history} published, held: ${held}`, rounds, {
    'no history': () => drain(system, withoutHistory(system), messages),
    history: () => drain(system, outbox, messages),
  });
  const point = {
    held,
    history,
    ...cost,
    perSecond: runs.figure('history').median,
    ratio: runs.ratio('history', 'no history'),
    costRatio: runs.ratio('history', 'no history', 'ownMicros'),
    tableMb,
    rounds: runs,
  };
  say(JSON.stringify({ ...point, rounds: undefined }));
  return point;
}
