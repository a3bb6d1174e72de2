/** After so many looks a marker that was published and is not in the ledger counts as lost; each time, twice as many. */
const looks = { first: 3, most: 48 };

/**
 * Decides when to stop waiting for a marker. It can be late, behind a long queue, or never come: then the broker has
 * lost it, with what came before it. That cannot be told apart, so another one is published, and the one that arrives first
 * tells. With each lost one there is more patience: a ledger that is hours behind gets few markers.
 */
export class MarkerPatience {
  private readonly shards = new Map<number, { looked: number; limit: number }>();

  /** The marker is still not there. @returns whether it counts as lost */
  isOver(shard: number): boolean {
    const state = this.shards.get(shard) ?? { looked: 0, limit: looks.first };
    this.shards.set(shard, state);
    if (++state.looked < state.limit) return false;
    this.shards.set(shard, { looked: 0, limit: Math.min(state.limit * 2, looks.most) });
    return true;
  }

  arrived(shard: number): void {
    this.shards.delete(shard);
  }
}
