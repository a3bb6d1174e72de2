import { z } from 'zod';
import type { CompareOptions } from './compare.js';
import { Side, SideUnreachable } from './side.js';

const requested = z.object({ set: z.string() });
const published = z.object({
  markers: z.array(z.object({ messageId: z.string(), publishedAt: z.string().nullable() })),
});
const received = z.object({ arrived: z.array(z.string()), deadLettersInBroker: z.number().nullable() });

/**
 * Two looks at the broker's dead letters, this far apart in milliseconds, must both find none: between one's leaving the queue
 * and its being parked it is in neither.
 */
const betweenLooksMs = 500;

/**
 * A published set that has not arrived after so long, in milliseconds, may be lost, with what came before it: another is sent
 * beside it. Each time it takes twice as long, so that a ledger that is hours behind gets few.
 */
const firstPatienceMs = 5_000;

/** One marker in each shard. `ids`: once all of them are published; `noneDeadSince`: once all of them have arrived. */
interface MarkerSet {
  set: string;
  ids?: string[];
  noneDeadSince?: number;
}

/**
 * Sends markers through outbox, broker and inbox, one in each shard, again and again as long as it is asked for. When the
 * ledger has a set of them, it has everything that was published before: what is not there then will not come.
 */
export class Markers {
  /** The newest set that the ledger has, all of it; give it to `compare`. */
  arrived: string | undefined;
  /** The newest first. */
  private underWay: MarkerSet[] = [];
  private patience: { ms: number; since?: number };
  private readonly payments: Side;
  private readonly ledger: Side;

  constructor(
    urls: Pick<CompareOptions, 'payments' | 'ledger' | 'signal' | 'key'>,
    private readonly patienceMs = firstPatienceMs,
  ) {
    this.payments = new Side('payments', urls.payments, urls.signal, urls.key);
    this.ledger = new Side('ledger', urls.ledger, urls.signal, urls.key);
    this.patience = { ms: patienceMs };
  }

  /**
   * Looks how far the markers are; asks for new ones when none are under way. Comes back at once.
   * @returns whether a set has arrived since the last look
   */
  async look(): Promise<boolean> {
    try {
      if (this.underWay.length === 0 || this.patienceIsOver())
        this.underWay.unshift(await this.payments.ask('/outbox/markers', requested, { body: {} }));
      for (const sent of this.underWay) {
        if (!(await this.haveArrived(sent))) continue;
        this.forget();
        this.arrived = sent.set;
        return true;
      }
      return false;
    } catch (error) {
      if (!(error instanceof SideUnreachable)) throw error;
      if (error.side === 'payments' && error.status === 404) this.forget();
      return false; // no marker, and so nothing is called missing
    }
  }

  /** Begins anew: payments know none of these sets any more, as after a reset. */
  forget(): void {
    this.arrived = undefined;
    this.underWay = [];
    this.patience = { ms: this.patienceMs };
  }

  /** Only of what was published: as long as one waits for the relay, another would wait beside it. */
  private patienceIsOver(): boolean {
    const [newest] = this.underWay;
    if (newest?.ids === undefined || newest.noneDeadSince !== undefined) return false;
    this.patience.since ??= performance.now();
    if (performance.now() - this.patience.since < this.patience.ms) return false;
    this.patience = { ms: this.patience.ms * 2 };
    return true;
  }

  private async haveArrived(sent: MarkerSet): Promise<boolean> {
    if (sent.ids === undefined) {
      const { markers } = await this.payments.ask(`/outbox/markers/${sent.set}`, published);
      if (markers.length === 0 || markers.some(({ publishedAt }) => publishedAt === null)) return false;
      sent.ids = markers.map(({ messageId }) => messageId);
    }
    const ids = new URLSearchParams(sent.ids.map((id): [string, string] => ['id', id]));
    const { arrived, deadLettersInBroker } = await this.ledger.ask(
      `/inbox/markers?${ids.toString()}`,
      received,
    );
    const has = new Set(arrived);
    if (!sent.ids.every((id) => has.has(id)) || deadLettersInBroker !== 0) {
      delete sent.noneDeadSince;
      return false;
    }
    sent.noneDeadSince ??= performance.now();
    return performance.now() - sent.noneDeadSince >= betweenLooksMs;
  }
}
