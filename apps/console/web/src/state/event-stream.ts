import type { Happened, Point, Snapshot } from '../../../src/api.js';
import {
  snapshot,
  snapshotAge,
  snapshotsPerSecond,
  stream,
  take,
  takeHappened,
  takePoints,
} from './snapshot.js';

/** Numbers change at most four times a second: more cannot be read. */
const changeEveryMs = 250;
/** Twelve snapshots missed: a stream that is silent so long is lost, even if its connection looks alive. */
const silentMs = 3_000;

let source: EventSource | undefined;
/** The last event of any kind: a new connection goes on after it, as EventSource does by itself. */
let lastId = '';
/** When the last snapshot came, and when it was begun to wait for one. */
let lastHeard = 0;
let waitingSince = 0;
let heardTimes: number[] = [];
let nextSnapshot: Snapshot | undefined;
let nextHappened: Happened[] = [];
let nextPoints: Point[] = [];

/** Listens while the page can be seen, and not else: a hidden tab costs the system nothing. */
export function listen(): void {
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) return close();
    open();
    watch();
  });
  setInterval(show, changeEveryMs);
  setInterval(watch, 1_000);
  if (!document.hidden) open();
}

function open(): void {
  source?.close();
  waitingSince = Date.now();
  if (stream.value !== 'lost') stream.value = 'connecting';
  source = new EventSource(lastId === '' ? '/api/events' : `/api/events?after=${lastId}`);
  source.addEventListener('snapshot', (event: MessageEvent<string>) => {
    nextSnapshot = JSON.parse(event.data) as Snapshot;
    lastId = event.lastEventId;
    lastHeard = Date.now();
    heardTimes.push(lastHeard);
  });
  source.addEventListener('happened', (event: MessageEvent<string>) => {
    nextHappened.push(JSON.parse(event.data) as Happened);
  });
  source.addEventListener('point', (event: MessageEvent<string>) => {
    nextPoints.push(JSON.parse(event.data) as Point);
  });
  // EventSource tries again by itself, except after an answer that is not 200: `watch` does that.
  source.addEventListener('error', () => (stream.value = 'lost'));
  source.addEventListener('open', () => void missedPoints());
}

function close(): void {
  source?.close();
  source = undefined;
  stream.value = 'paused';
}

/** All that came since the last time at once: signals that change together are drawn together. */
function show(): void {
  if (nextSnapshot !== undefined) {
    stream.value = 'live';
    take(nextSnapshot);
    nextSnapshot = undefined;
  }
  if (nextHappened.length > 0) takeHappened(nextHappened.splice(0));
  if (nextPoints.length > 0) takePoints(nextPoints.splice(0));
}

function watch(): void {
  const now = Date.now();
  heardTimes = heardTimes.filter((time) => time > now - 4_000);
  snapshotsPerSecond.value = Math.round(heardTimes.length / 4);
  if (source === undefined) return;
  if (now - Math.max(lastHeard, waitingSince) > silentMs) stream.value = 'lost';
  if (stream.value === 'live') return;
  if (snapshot.value !== null) snapshotAge.value = Math.round((now - lastHeard) / 1_000);
  if (source.readyState === EventSource.CLOSED) open();
}

/** What was drawn while the tab was hidden, or before it was there. */
async function missedPoints(): Promise<void> {
  const since = new Date(Date.now() - 300_000).toISOString();
  const answer = await fetch(`/api/points?since=${encodeURIComponent(since)}`).catch(() => undefined);
  if (answer?.ok === true) takePoints((await answer.json()) as Point[]);
}
