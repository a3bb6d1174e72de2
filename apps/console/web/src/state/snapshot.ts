import { computed, signal } from '@preact/signals';
import type { Happened, Point, Snapshot } from '../../../src/api.js';
import { passed, type Batch } from './batches.js';
import { givenKey } from './key.js';

/** `paused`: the tab is hidden, and nobody asks. */
export type StreamState = 'connecting' | 'live' | 'lost' | 'paused';

// A tab that stays open for a day must not grow.
const pointsKept = 300;
const happenedKept = 200;

export const stream = signal<StreamState>('connecting');
export const snapshot = signal<Snapshot | null>(null);
export const snapshotsPerSecond = signal(0);
/** Seconds since the last snapshot came; only told while none does. */
export const snapshotAge = signal(0);
export const happened = signal<readonly Happened[]>([]);
export const points = signal<readonly Point[]>([]);
/** What passed each stretch of the pipeline lately, for the dots on it. */
export const batches = signal<readonly Batch[]>([]);

export const stale = computed(() => snapshot.value !== null && stream.value !== 'live');
export const canControl = computed(() => {
  const control = snapshot.value?.mode.control;
  return control === 'all' || (control === 'key' && givenKey.value !== null);
});
export const runs = computed(() => snapshot.value?.run?.state === 'running');
export const brokenLinks = computed(() => snapshot.value?.links.filter((link) => link.state !== 'up') ?? []);

export function take(next: Snapshot): void {
  batches.value = passed(batches.value, snapshot.value, next);
  snapshot.value = next;
}

/** A page that reconnects is told the last two hundred again, and a console that restarted counts anew: hence the time, too. */
export function takeHappened(news: readonly Happened[]): void {
  const known = new Map(happened.value.map((one) => [`${one.at} ${one.id}`, one]));
  for (const one of news) known.set(`${one.at} ${one.id}`, one);
  happened.value = [...known.values()]
    .sort((one, other) => one.at.localeCompare(other.at) || one.id - other.id)
    .slice(-happenedKept);
}

export function takePoints(news: readonly Point[]): void {
  const known = new Map(points.value.map((point) => [point.at, point]));
  for (const point of news) known.set(point.at, point);
  points.value = [...known.values()].sort((one, other) => one.at.localeCompare(other.at)).slice(-pointsKept);
}
