import { emptyTally, sumTallies, type BatchConsumer, type ConsumerState } from '@paid-once/inbox';

/** What is consumed, for whoever watches it, pauses it or ends it. */
export type Consumption = Pick<BatchConsumer, 'state' | 'counts' | 'pause' | 'resume' | 'purge' | 'close'>;

/** How many batches are posted side by side: while Postgres works on one, the next is read. */
const lanes = 2;

/** Deals the queues to the lanes in turn, and consumes them there. */
export function inLanes(queues: string[], consume: (some: string[]) => Consumption): Consumption {
  const ofLane = (lane: number) => queues.filter((_, position) => position % lanes === lane);
  const used = Array.from({ length: Math.min(lanes, queues.length) }, (_, lane) => ofLane(lane));
  return new SideBySide(used.map(consume));
}

/** Several that consume side by side, as one: it consumes when all of them do. */
class SideBySide implements Consumption {
  constructor(private readonly all: readonly Consumption[]) {}

  get state(): ConsumerState {
    const states = this.all.map(({ state }) => state);
    const waiting = states.find(({ kind }) => kind === 'waiting');
    const queues = states.flatMap((state) => (state.kind === 'consuming' ? state.queues : []));
    return waiting ?? { kind: 'consuming', queues: queues.sort() };
  }

  get counts(): Consumption['counts'] {
    const none = { batches: 0, ...emptyTally() };
    return this.all
      .map(({ counts }) => counts)
      .reduce((sum, one) => ({ batches: sum.batches + one.batches, ...sumTallies(sum, one) }), none);
  }

  async pause(): Promise<void> {
    await Promise.all(this.all.map((one) => one.pause()));
  }

  resume(): void {
    for (const one of this.all) one.resume();
  }

  async purge(): Promise<void> {
    await Promise.all(this.all.map((one) => one.purge()));
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map((one) => one.close()));
  }
}
