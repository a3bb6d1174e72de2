import { computed, effect, signal } from '@preact/signals';
import type { BreakName, CompareView, ConsoleProblem, DeadView } from '../../../src/api.js';
import { look } from './requests.js';
import { snapshot, stream } from './snapshot.js';

export const comparison = signal<CompareView | null>(null);
/** What was looked for when it was compared: what is being typed now is not answered yet. */
export const foundFor = signal('');
/** Why the ledgers cannot be compared now; null if they can. What was compared before stays, and is told to be old. */
export const compareProblem = signal<ConsoleProblem | null>(null);
export const dead = signal<DeadView | null>(null);
export const breakClass = signal<BreakName | null>(null);
export const find = signal('');
/** The payment whose life the drawer shows. */
export const openPayment = signal<string | null>(null);
/** Whether a message of it was given up, on either side: then somebody may redrive it. */
export const openPaymentIsStuck = computed(
  () =>
    comparison.value?.rows.some(
      ({ paymentId, class: kind }) =>
        paymentId === openPayment.value && (kind === 'deadLettered' || kind === 'parked'),
    ) ?? false,
);

/** Comparing reads both databases: not with every snapshot, and only when something moved. */
const compareEveryMs = 2_000;

const moved = computed(() => {
  const stations = snapshot.value?.stations;
  if (stations === undefined) return null;
  const { payments, outbox, queue, ledger } = stations;
  return [
    payments.count,
    outbox.pending,
    queue.underWay,
    ledger.count,
    outbox.deadLetters,
    ledger.parked,
  ].join();
});
const stuck = computed(() => {
  const stations = snapshot.value?.stations;
  return stations === undefined ? null : `${stations.outbox.deadLetters},${stations.ledger.parked}`;
});

/** Asks again when the snapshot says that something moved. */
export function watchLedgers(): void {
  let lastCompare = 0;
  let timer: number | undefined;
  effect(() => {
    if (moved.value === null || stream.value === 'paused') return;
    void breakClass.value;
    const asked = find.value;
    clearTimeout(timer);
    const wait = Math.max(asked === '' ? 0 : 250, lastCompare + compareEveryMs - Date.now());
    // What the user chose is answered at once; what the system did may wait.
    timer = window.setTimeout(
      () => {
        lastCompare = Date.now();
        void compareNow();
      },
      asked === lastFind && breakClass.peek() === lastClass ? wait : 200,
    );
  });
  effect(() => {
    if (stuck.value !== null && stream.value !== 'paused') void deadNow();
  });
}

let lastFind = '';
let lastClass: BreakName | null = null;

export async function compareNow(): Promise<void> {
  lastFind = find.peek();
  lastClass = breakClass.peek();
  const asked = new URLSearchParams();
  if (lastClass !== null) asked.set('class', lastClass);
  if (lastFind !== '') asked.set('find', lastFind);
  const looked = await look<CompareView>(`/api/compare?${asked.toString()}`);
  // Something else was asked meanwhile, and its answer may have been quicker.
  if (asked.get('find') !== (lastFind || null) || asked.get('class') !== lastClass) return;
  if ('answer' in looked) {
    comparison.value = looked.answer;
    foundFor.value = lastFind;
  }
  compareProblem.value = 'problem' in looked ? looked.problem : null;
}

async function deadNow(): Promise<void> {
  const looked = await look<DeadView>('/api/dead');
  if ('answer' in looked) dead.value = looked.answer;
}
