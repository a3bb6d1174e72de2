import { describe, expect, it } from '@jest/globals';
import type { Snapshot } from './api.js';
import { Points } from './points.js';

const start = Date.parse('2026-11-22T10:00:00Z');
function snapshot(ms: number): Snapshot {
  return {
    at: new Date(start + ms).toISOString(),
    latency: null,
    links: [
      { name: 'payment', state: 'up' },
      { name: 'relay-rabbitmq', state: 'cut' },
    ],
    stations: {
      outbox: { pending: ms },
      queue: { underWay: 0 },
      payments: { perSecond: 5 },
      ledger: { perSecond: 4 },
    },
  } as unknown as Snapshot;
}

describe('the points of the charts', () => {
  it('are one a second, of four snapshots, with what was broken', () => {
    const points = new Points();
    const made = [0, 250, 500, 750, 1_000, 1_250, 2_000].map((ms) => points.add(snapshot(ms)));
    expect(made.map((point) => point?.outbox)).toEqual([
      0,
      undefined,
      undefined,
      undefined,
      1_000,
      undefined,
      2_000,
    ]);
    expect(made[0]).toMatchObject({ acceptedPerSecond: 5, postedPerSecond: 4, broken: ['relay-rabbitmq'] });
  });

  it('are kept for five minutes, and asked for from a moment on', () => {
    const points = new Points();
    for (let second = 0; second < 400; second++) points.add(snapshot(second * 1_000));
    expect(points.since(undefined)).toHaveLength(300);
    expect(points.since('no time')).toHaveLength(300);
    expect(points.since(new Date(start + 397_000).toISOString()).map(({ outbox }) => outbox)).toEqual([
      398_000, 399_000,
    ]);
  });
});
