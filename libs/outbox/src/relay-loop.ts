import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import type { DataSource } from 'typeorm';
import type { Publish } from './publish.js';
import { RelayPass, type PassOutcome } from './relay-pass.js';
import { ShardLoop } from './shard-loop.js';
import { fairShare, ShardOwnership } from './shard-ownership.js';
import { concerns } from './wake-relays.js';

export interface RelayOptions {
  database: DataSource;
  /** For the session that holds the locks: a direct connection, never through a pooler. */
  lockUrl: string;
  applicationName: string;
  sliceSize: number;
  /** How many messages a replay or redrive may publish in a second and shard. */
  replaySlice?: number;
  publish: Publish;
  /** How each pass ended; `stopped` is the last word about a shard that is not ours any more. */
  onOutcome?: (shard: number, outcome: PassOutcome) => void;
  /** What each sign of life met: undefined when the database answered it. */
  onBeat?: (error: unknown) => void;
}

/** The relay of one process: takes its share of the shards and keeps a loop running for each. */
export class Relay implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly ownership: ShardOwnership;
  private readonly loops = new Map<number, ShardLoop>();
  private beating: Promise<void> | undefined;
  private stopping = false;
  /** Nothing waits, and no shard is another's who could die: every second sign of life is enough. */
  private quiet = false;
  /** Surplus shards whose loop has ended: the next beat frees them. */
  private readonly giveUp = new Set<number>();

  constructor(private readonly options: RelayOptions) {
    this.ownership = new ShardOwnership({
      url: options.lockUrl,
      applicationName: `${options.applicationName} locks`,
      onWake: (shards) => this.wake(shards),
      onLost: () => this.abandonAll(),
    });
  }

  get ownedShards(): number[] {
    return [...this.loops.keys()].sort((a, b) => a - b);
  }

  onApplicationBootstrap(): void {
    void this.beat();
  }

  // `@Interval` is a bare setInterval: a tick can start while the last one still runs, and shutdown clears the timer
  // without waiting for it. Hence one shared promise, awaited in onModuleDestroy().
  @Interval('relay', 1_000)
  beat(): Promise<void> {
    return (this.beating ??= this.beatOnce().finally(() => (this.beating = undefined)));
  }

  /** Something was committed, in these shards if any are named. */
  wake(shards?: string): void {
    this.quiet = false;
    this.loops.forEach((loop, shard) => concerns(shards, shard) && loop.wake());
  }

  /** What failed may work now: the broker is back. */
  retry(): void {
    this.loops.forEach((loop) => loop.retry());
  }

  /** Ends the slices in hand and frees the shards. */
  async onModuleDestroy(): Promise<void> {
    this.stopping = true;
    await this.beating;
    this.loops.forEach((loop) => loop.stop());
    await Promise.all([...this.loops.values()].map((loop) => loop.ended));
    this.ownership.close();
  }

  private async beatOnce(): Promise<void> {
    if (this.stopping || !this.options.database.isInitialized) return;
    if (this.quiet) {
      this.quiet = false;
      return;
    }
    const giveUp = [...this.giveUp];
    try {
      const states = await this.ownership.beat(giveUp);
      giveUp.forEach((shard) => this.giveUp.delete(shard));
      const ours = states.filter(({ ours }) => ours);
      for (const { shard, has_work } of ours) {
        if (!this.loops.has(shard) && !this.giveUp.has(shard)) this.loops.set(shard, this.startLoop(shard));
        if (has_work) this.loops.get(shard)?.wake();
      }
      this.quiet = states.every(({ ours, has_work }) => ours && !has_work);
      ours.slice(fairShare(states)).forEach(({ shard }) => this.giveShardUp(shard));
      this.options.onBeat?.(undefined);
    } catch (error) {
      this.options.onBeat?.(error);
    }
  }

  private startLoop(shard: number): ShardLoop {
    const { database, sliceSize, replaySlice, publish, onOutcome } = this.options;
    const loop = new ShardLoop(
      (isStopping) =>
        new RelayPass({
          database,
          shard,
          sliceSize,
          ...(replaySlice !== undefined && { replaySlice }),
          publish,
          mayGoOn: () => !isStopping() && this.ownership.isSure,
        }),
      (outcome) => onOutcome?.(shard, outcome),
    );
    void loop.ended.then(() => this.loops.delete(shard));
    return loop;
  }

  private giveShardUp(shard: number): void {
    const loop = this.loops.get(shard);
    loop?.stop();
    void loop?.ended.then(() => this.giveUp.add(shard));
  }

  private abandonAll(): void {
    this.giveUp.clear();
    this.loops.forEach((loop) => loop.abandon());
  }
}
