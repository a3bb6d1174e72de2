import { faultPoint, pause } from '@paid-once/service';
import type { DataSource } from 'typeorm';
import { BetweenWindows } from './between-windows.js';
import { HeldConnection } from './held-connection.js';
import { publishBounded } from './publish-bounded.js';
import { NotPublished, Unpublishable, type Publish } from './publish.js';
import {
  appendProgress,
  LostOwnership,
  openWindow,
  OtherServer,
  readSlice,
  takeShard,
  type OutboxRow,
  type Progress,
} from './window.js';

/** Inside a long window progress is recorded at most this often. What is repeated after a crash follows from it. */
const progressEveryMs = 100;
/** Windows of a few rows cost everybody: the next one opens this much later, as a multiple of what opening took. */
const restAfterOpening = { factor: 5, minMs: 10, maxMs: 1_000 };
/** Under load they widen: after many rows the next ones come soon, and among a hundred each costs half as much. */
const restAfterRows = { eachMs: 2, maxMs: 100 };

export type PassOutcome =
  | { kind: 'more' } // the next window is open: go on
  | { kind: 'drained' } // nothing waits
  | { kind: 'stopped' } // told to, or no longer sure to own the shard
  | { kind: 'lost-ownership' } // another relay has written this shard's progress
  | { kind: 'not-published'; cause: unknown } // the broker's side failed: the same rows come again
  | { kind: 'database-lost'; cause: unknown }
  | { kind: 'other-server'; cause: OtherServer };

interface RelayPassOptions {
  database: DataSource;
  shard: number;
  sliceSize: number;
  replaySlice?: number;
  publish: Publish;
  /** Asked before each slice: false when told to stop, or not sure any more to own the shard. */
  mayGoOn: () => boolean;
}

interface Held {
  connection: HeldConnection;
  progress: Progress;
}

/**
 * (3) One pass over one shard: open a window, or go on in the open one, publish it slice by slice, close it.
 * What it knows between passes lives and dies with its database connection.
 */
export class RelayPass {
  private connection: HeldConnection | undefined;
  private held: Held | undefined;
  private openedAt = -Infinity;
  private restMs = 0;
  private rowsInWindow = 0;
  private readonly options: RelayPassOptions;
  private readonly betweenWindows: BetweenWindows;

  constructor(options: RelayPassOptions) {
    this.options = { ...options, publish: publishBounded(options.publish) };
    this.betweenWindows = new BetweenWindows(this.options);
  }

  async run(): Promise<PassOutcome> {
    try {
      const held = (this.held ??= await this.takeShard());
      if (held.progress.horizon === null) await this.openWindow(held);
      if (held.progress.horizon !== null) {
        if (!(await this.publishWindow(held))) return { kind: 'stopped' };
        await this.openWindow(held);
        faultPoint('relay.after-progress');
      }
      await this.betweenWindows.run(held.connection, held.progress);
      return { kind: held.progress.horizon === null ? 'drained' : 'more' };
    } catch (error) {
      if (error instanceof NotPublished) return { kind: 'not-published', cause: error.cause };
      await this.abandon();
      if (error instanceof LostOwnership) return { kind: 'lost-ownership' };
      if (error instanceof OtherServer) return { kind: 'other-server', cause: error };
      return { kind: 'database-lost', cause: error };
    }
  }

  /** Forgets everything and ends what runs on the connection. */
  async abandon(): Promise<void> {
    this.held = undefined;
    await this.connection?.destroy();
  }

  private async takeShard(): Promise<Held> {
    const connection = (this.connection = await HeldConnection.open(this.options.database));
    return { connection, progress: await takeShard(connection, this.options.shard) };
  }

  private async openWindow(held: Held): Promise<void> {
    const widening = Math.min(this.rowsInWindow * restAfterRows.eachMs, restAfterRows.maxMs);
    const restMs = this.openedAt + Math.max(this.restMs, widening) - performance.now();
    if (restMs > 0) await pause(restMs);
    this.rowsInWindow = 0;
    this.openedAt = performance.now();
    held.progress = await openWindow(held.connection, held.progress);
    const { factor, minMs, maxMs } = restAfterOpening;
    this.restMs = Math.min(Math.max((performance.now() - this.openedAt) * factor, minMs), maxMs);
    if (held.progress.horizon !== null) faultPoint('relay.after-horizon');
  }

  /**
   * One slice leaves while the confirms of the one before are awaited and the next one is read.
   * @returns false when stopped before its end
   */
  private async publishWindow(held: Held): Promise<boolean> {
    const { sliceSize, mayGoOn } = this.options;
    let recorded = { afterId: held.progress.after_id, at: performance.now() };
    const record = async (dying: Dying[] = []) => {
      held.progress = await appendProgress(held.connection, held.progress, dying);
      recorded = { afterId: held.progress.after_id, at: performance.now() };
      faultPoint('relay.after-progress');
    };
    const readOn = (afterId = held.progress.after_id) =>
      readSlice(held.connection, held.progress, afterId, sliceSize);
    let slice = await readOn();
    let before: Leaving | undefined;
    let goesOn = true;
    while (before || slice.length > 0) {
      goesOn &&= slice.length === 0 || mayGoOn();
      this.rowsInWindow += slice.length;
      const leaving = goesOn && slice.length > 0 ? this.send(slice) : undefined;
      // Not beyond what is held back before that is on record: should somebody drop what it is behind just now, nothing
      // would hold back the next one of its key, which would overtake it.
      const next = leaving?.isFull && leaving.behind.length === 0 ? readOn(leaving.last) : [];
      const ends = await Promise.allSettled([before?.confirmed, leaving?.left, next]);
      const [earlier, now, read] = ends;
      const died = [earlier, now].flatMap((end) => (end.status === 'fulfilled' && end.value) || []);
      if (before && earlier.status === 'fulfilled' && earlier.value?.length === 0)
        held.progress.after_id = before.last;
      const failed = (died.length > 0 ? [read] : ends).find(({ status }) => status === 'rejected');
      if (failed || died.length > 0) await leaving?.confirmed.catch(() => {}); // nothing of it may follow after this
      if (failed?.status === 'rejected') throw failed.reason;
      if (died.length > 0) {
        await record(died);
        [before, slice] = [undefined, await readOn()];
        continue;
      }
      const isHeldUp = before !== undefined && before.behind.length > 0;
      if (isHeldUp || (before?.isFull && performance.now() - recorded.at >= progressEveryMs))
        await record(before?.behind);
      slice = isHeldUp && before?.isFull ? await readOn() : read.status === 'fulfilled' ? read.value : [];
      before = leaving;
    }
    if (!goesOn && recorded.afterId !== held.progress.after_id) await record();
    return goesOn;
  }

  private send(slice: Slice): Leaving {
    const onItsWay = Promise.withResolvers<void>();
    const alive = slice.filter(({ dead }) => !dead);
    const confirmed = this.publish(alive, onItsWay.resolve);
    return {
      last: slice.at(-1)?.id ?? '',
      isFull: slice.length === this.options.sliceSize,
      behind: slice.filter(({ dead }) => dead).map(({ id }) => ({ id, reason: 'behind' })),
      left: Promise.race([onItsWay.promise, confirmed]),
      confirmed,
    };
  }

  /**
   * @returns what of it can never be published; then some of the others were, perhaps
   * @throws NotPublished
   */
  private async publish(rows: OutboxRow[], onLeft: () => void): Promise<Dying[]> {
    if (rows.length > 0) {
      try {
        await this.options.publish(this.options.shard, rows, onLeft);
      } catch (error) {
        return dyingOf(rows, error);
      }
    }
    faultPoint('relay.after-confirm');
    return [];
  }
}

type Slice = Awaited<ReturnType<typeof readSlice>>;

/** A slice on its way to the broker. */
interface Leaving {
  /** The id that the next slice starts behind. */
  last: string;
  isFull: boolean;
  behind: Dying[];
  left: Promise<Dying[] | void>;
  confirmed: Promise<Dying[]>;
}

type Dying = Parameters<typeof appendProgress>[2][number];

// The rest of the slice is published after this, some of it again: first occurrences stay in order.
function dyingOf(slice: OutboxRow[], error: unknown): Dying[] {
  if (!(error instanceof Unpublishable)) throw new NotPublished(error);
  const causes = new Map(error.messages.map(({ messageId, ...cause }) => [messageId, cause]));
  const dying = slice.flatMap(({ id, message_id }) => {
    const cause = causes.get(message_id);
    return cause === undefined ? [] : [{ id, ...cause }];
  });
  if (dying.length === 0)
    throw new Error('Bug: what cannot be published is not in the slice', { cause: error });
  return dying;
}
