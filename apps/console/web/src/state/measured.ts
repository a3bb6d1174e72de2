import { computed, effect, signal } from '@preact/signals';
import type { MeasuredRun, MeasuredView } from '../../../src/api.js';
import { look } from './requests.js';
import { snapshot, stream } from './snapshot.js';

/** The four chapters, as they were measured on this machine; null if they never were. */
export const measuredChapters = signal<MeasuredView | null>(null);
/** The runs of this console, the newest first. */
export const measuredRuns = signal<readonly MeasuredRun[]>([]);

/** A row that was sent may arrive late: until all have, the newest run is counted again. */
const countAgainMs = 2_000;

const newestRun = computed(() => {
  const run = snapshot.value?.run ?? null;
  return run === null ? '' : `${run.id} ${run.state}`;
});

export function watchMeasured(): void {
  void look<MeasuredView>('/api/measured').then((looked) => {
    if ('answer' in looked) measuredChapters.value = looked.answer;
  });
  let timer: number | undefined;
  const count = async () => {
    const looked = await look<MeasuredRun[]>('/api/runs');
    if ('answer' in looked) measuredRuns.value = looked.answer;
    clearTimeout(timer);
    const newest = measuredRuns.value[0];
    const maybeMore = newest !== undefined && newest.notCounted === null && newest.outcome?.settled !== true;
    if (maybeMore && stream.peek() === 'live') timer = window.setTimeout(() => void count(), countAgainMs);
  };
  effect(() => {
    void newestRun.value;
    if (stream.value === 'live') void count();
  });
}
