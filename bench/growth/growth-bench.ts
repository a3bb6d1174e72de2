import { rounded } from '../rig/numbers.js';
import { say } from '../rig/say.js';
import type { BenchSystem } from '../rig/system.js';
import { holdRows, holdSnapshot } from './held-open.js';
import { historyPoint, type Held, type HistoryPoint } from './history-point.js';
import { idleRelay } from './idle-relay.js';
import { drainBesideLateCommit, lateCommitMs } from './late-commit.js';
import { OutboxWithHistory } from './outbox-with-history.js';
import { progressMoves } from './progress-moves.js';
import { retentionBeside } from './retention-beside.js';
import { uncommittedRows } from './uncommitted-rows.js';
import { waitingBacklog } from './waiting-backlog.js';

export interface GrowthOptions {
  /** Published messages, rising; the first one is 0. */
  sizes: number[];
  /** What is drained at each size. */
  messages: number;
  /** At the largest size; at the others it is done once. */
  rounds: number;
  /** How many messages the memory is measured over. */
  published: number;
  uncommitted: number;
  moves: number;
  idleSeconds: number;
}

export const fullGrowth: GrowthOptions = {
  sizes: [0, 100_000, 1_000_000, 5_000_000],
  messages: 100_000,
  rounds: 5,
  published: 300_000,
  uncommitted: 500_000,
  moves: 100_000,
  idleSeconds: 60,
};

export const quickGrowth: GrowthOptions = {
  sizes: [0, 100_000],
  messages: 20_000,
  rounds: 1,
  published: 50_000,
  uncommitted: 50_000,
  moves: 5_000,
  idleSeconds: 10,
};

/** Whether the relay's work follows from what waits, and not from what was ever published. */
export async function growthBench(system: BenchSystem, options: GrowthOptions) {
  const plain = await growthOfHistory(system, options);
  const write = await growthBesideWriteTransaction(system, options);
  const snapshot = await growthBesideSnapshot(system, options);
  const idle = await idleRelay(system, options.idleSeconds);
  return {
    historyFlat: plain.flat,
    heldWriteTx: write.flat,
    heldSnapshot: snapshot.flat,
    points: [...plain.points, ...write.points, ...snapshot.points],
    lateCommit: write.lateCommit,
    retention: plain.retention,
    backlog: plain.backlog,
    uncommitted: plain.uncommitted,
    progress: snapshot.progress,
    idle,
  };
}

/** With no other transaction open; then what retention, a waiting backlog and uncommitted rows do there. */
export async function growthOfHistory(system: BenchSystem, options: GrowthOptions) {
  const outbox = await OutboxWithHistory.create(system);
  try {
    const grown = await grow(system, outbox, 'nothing', options);
    const backlog = await waitingBacklog(system, outbox, options.published);
    say(`backlog: ${JSON.stringify(backlog)}`);
    const uncommitted = await uncommittedRows(outbox, options.uncommitted);
    say(`uncommitted: ${JSON.stringify(uncommitted)}`);
    const retention = await retentionBeside(system, outbox, options);
    return { ...grown, backlog, uncommitted, retention };
  } finally {
    await outbox.close();
  }
}

/** With a transaction open that wrote one row before all the history; then it commits. */
export async function growthBesideWriteTransaction(system: BenchSystem, options: GrowthOptions) {
  const outbox = await OutboxWithHistory.create(system);
  try {
    // One is looked at alone, and one beside a relay that is busy.
    const [first, second] = [await outbox.session(), await outbox.session()];
    await holdRows(first, 1);
    await holdRows(second, 1);
    const grown = await grow(system, outbox, 'write transaction', options);
    const windowMs = await lateCommitMs(outbox, first);
    const beside = await drainBesideLateCommit(system, outbox, second, options.messages);
    const lateCommit = { windowMs, rateBeside: rounded(beside.perSecond / grown.perSecond) };
    say(`late commit: ${JSON.stringify(lateCommit)}`);
    return { ...grown, lateCommit };
  } finally {
    await outbox.close();
  }
}

/** With a snapshot held that is older than all the history; then progress moves many times. */
export async function growthBesideSnapshot(system: BenchSystem, options: GrowthOptions) {
  const outbox = await OutboxWithHistory.create(system);
  try {
    await holdSnapshot(await outbox.session(), 'outbox_message');
    const grown = await grow(system, outbox, 'snapshot', options);
    const progress = await progressMoves(outbox, options.moves);
    say(`progress: ${JSON.stringify(progress)}`);
    return { ...grown, progress };
  } finally {
    await outbox.close();
  }
}

async function grow(system: BenchSystem, outbox: OutboxWithHistory, held: Held, options: GrowthOptions) {
  const { sizes, messages, rounds } = options;
  const points: HistoryPoint[] = [];
  for (const history of sizes) {
    const often = history === sizes.at(-1) ? rounds : 1;
    points.push(await historyPoint(system, outbox, { history, messages, rounds: often, held }));
  }
  const largest = points.at(-1);
  return { points, flat: largest?.ratio ?? NaN, perSecond: largest?.perSecond ?? NaN };
}
