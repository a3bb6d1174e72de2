import { z } from 'zod';
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
 * Sends markers through outbox, broker and inbox, one in each shard, again and again as long as it is asked for. When the
 * ledger has a set of them, it has everything that was published before: what is not there then will not come.
 */
export class Markers {
  /** The newest set that the ledger has, all of it; give it to `compare`. */
  arrived: string | undefined;
  private underWay: { set: string; ids?: string[]; noneDeadSince?: number } | undefined;
  private readonly payments: Side;
  private readonly ledger: Side;

  constructor(urls: { payments: string; ledger: string; signal?: AbortSignal | undefined }) {
    this.payments = new Side('payments', urls.payments, urls.signal);
    this.ledger = new Side('ledger', urls.ledger, urls.signal);
  }

  /**
   * Looks how far the markers are; asks for new ones when none are under way. Comes back at once.
   * @returns whether a set has arrived since the last look
   */
  async look(): Promise<boolean> {
    try {
      this.underWay ??= await this.payments.ask('/outbox/markers', requested, {});
      if (!(await this.haveArrived(this.underWay))) return false;
      this.arrived = this.underWay.set;
      this.underWay = undefined;
      return true;
    } catch (error) {
      if (error instanceof SideUnreachable) return false; // no marker, and so nothing is called missing
      throw error;
    }
  }

  private async haveArrived(sent: NonNullable<typeof this.underWay>): Promise<boolean> {
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
