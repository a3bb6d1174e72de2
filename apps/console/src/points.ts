import type { LinkName } from '@paid-once/links';
import type { Point, Snapshot } from './api.js';

/** Five minutes, a point a second. */
const mostPoints = 300;

/** What the charts draw. */
export class Points {
  private readonly points: Point[] = [];

  /** @returns the point that this snapshot makes, if a second has passed since the last one */
  add({ at, stations, latency, links }: Snapshot): Point | undefined {
    const last = this.points.at(-1);
    if (last && Date.parse(at) - Date.parse(last.at) < 950) return undefined;
    const point: Point = {
      at,
      outbox: stations.outbox.pending,
      queue: stations.queue.underWay,
      acceptedPerSecond: stations.payments.perSecond,
      postedPerSecond: stations.ledger.perSecond,
      p50: latency?.p50 ?? null,
      p95: latency?.p95 ?? null,
      p99: latency?.p99 ?? null,
      broken: links.filter(({ state }) => state !== 'up').map(({ name }): LinkName => name),
    };
    this.points.push(point);
    if (this.points.length > mostPoints) this.points.shift();
    return point;
  }

  /** Those after that moment; all, if it is none. */
  since(moment: string | undefined): Point[] {
    const after = moment === undefined ? Number.NaN : Date.parse(moment);
    return Number.isNaN(after) ? [...this.points] : this.points.filter(({ at }) => Date.parse(at) > after);
  }
}
