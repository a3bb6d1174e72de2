import { sumTallies, type ConsumerState } from '@paid-once/inbox';
import type { Consumption } from '../../consumption.js';
import type { Chapter } from './chapter.js';
import type { PostOnArrival } from './post-on-arrival.js';

/**
 * Consumes the way of the chapter in force: on arrival in chapter 1, in batches with manual acknowledgement in all
 * others, never both. Until the chapter is known, not at all.
 */
export class ChapterConsumption implements Consumption {
  private chapter: Chapter | undefined;
  private unknownBecause = 'the chapter is not known yet';
  private way: 'on-arrival' | 'in-batches' | undefined;
  private batches: Consumption | undefined;
  private pauses = 0;
  private closed = false;
  private changing: Promise<void> = Promise.resolve();

  /** @param inBatches starts the consumption in batches; called once, and not before a chapter wants it */
  constructor(private readonly options: { onArrival: PostOnArrival; inBatches: () => Consumption }) {}

  get state(): ConsumerState {
    if (this.chapter === undefined) return { kind: 'waiting', cause: this.unknownBecause };
    if (this.way === 'on-arrival') return this.options.onArrival.state;
    return this.way === 'in-batches' && this.batches
      ? this.batches.state
      : { kind: 'waiting', cause: 'paused' };
  }

  get counts(): Consumption['counts'] {
    const [one, other] = [this.options.onArrival.counts, this.batches?.counts];
    return other ? { batches: one.batches + other.batches, ...sumTallies(one, other) } : one;
  }

  /** Changes over, if that is another way than before. */
  enter(chapter: Chapter): void {
    if (chapter === this.chapter) return;
    this.chapter = chapter;
    void this.change();
  }

  stillUnknown(because: string): void {
    this.unknownBecause = `the chapter is not known: ${because}`;
  }

  /** Resolves when what was asked for so far is done, and everything posted that was received on arrival. */
  async settled(): Promise<void> {
    await this.changing;
    await this.options.onArrival.rest();
  }

  async pause(): Promise<void> {
    this.pauses++;
    await this.change();
  }

  resume(): void {
    this.pauses--;
    void this.change();
  }

  /** The queues, and what chapter 1 has received and not begun: that was in them. */
  async purge(): Promise<void> {
    await this.options.onArrival.purge();
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.change();
    await this.batches?.close();
    await this.options.onArrival.close();
  }

  /** One change after the other, each to what is wanted by then. */
  private change(): Promise<void> {
    this.changing = this.changing.then(() => this.changeNow());
    return this.changing;
  }

  private async changeNow(): Promise<void> {
    const wanted = this.wantedWay();
    if (wanted === this.way) return;
    const { onArrival, inBatches } = this.options;
    if (this.way === 'in-batches') await this.batches?.pause();
    await onArrival.hold();
    this.way = wanted;
    if (wanted === 'on-arrival') onArrival.receive();
    if (wanted !== 'in-batches') return;
    onArrival.finish(); // by the rules of the chapter that is in force now: each transaction reads it
    if (this.batches) this.batches.resume();
    else this.batches = inBatches();
  }

  private wantedWay(): 'on-arrival' | 'in-batches' | undefined {
    if (this.closed || this.pauses > 0 || this.chapter === undefined) return undefined;
    return this.chapter === 1 ? 'on-arrival' : 'in-batches';
  }
}
