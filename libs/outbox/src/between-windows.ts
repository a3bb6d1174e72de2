import type { HeldConnection } from './held-connection.js';
import { intervene } from './intervene.js';
import { publishMarkers } from './publish-markers.js';
import type { Publish } from './publish.js';
import type { Progress } from './window.js';

/** An intervention publishes one slice in so long: live messages must not wait behind it. */
const sliceEveryMs = 1_000;
/** Whoever is called once a second is called a little early now and then, and must not lose a second by it. */
const earlyMs = 100;
const defaultSlice = 500;

/**
 * What the owner of a shard does for others between two windows: everything visible in the progress' base is published
 * and confirmed then, nothing else of the shard is under way, and the next window's first row comes after it. Progress is
 * not touched: each statement asks whether it is still the newest, and changes nothing for a stale owner.
 */
export class BetweenWindows {
  private nextSliceAt = -Infinity;

  /** `replaySlice`: how many messages a replay or redrive may publish in a second. */
  constructor(
    private readonly options: {
      sliceSize: number;
      replaySlice?: number;
      publish: Publish;
      mayGoOn: () => boolean;
    },
  ) {}

  /** @throws LostOwnership, NotPublished; whatever keeps the database from answering */
  async run(connection: HeldConnection, progress: Progress): Promise<void> {
    const { publish, sliceSize, replaySlice = defaultSlice, mayGoOn } = this.options;
    if (!progress.asked || !mayGoOn()) return;
    await publishMarkers(connection, progress, publish);
    const now = performance.now();
    if (now < this.nextSliceAt) return;
    const nextSliceAt = Math.max(this.nextSliceAt, now - earlyMs) + sliceEveryMs;
    // In pieces that fit into memory as the live slices do.
    for (let left = replaySlice; left > 0 && mayGoOn(); left -= sliceSize) {
      if (!(await intervene(connection, progress, publish, Math.min(left, sliceSize)))) return;
      this.nextSliceAt = nextSliceAt;
    }
  }
}
