import type { Completed, Entry, Invoked } from './history.js';

/** A payment or reversal that somebody wants: all attempts with one idempotency key. */
export interface Intent {
  key: string;
  kind: 'pay' | 'reverse';
  body: string;
  /** Of a reversal: which payment. */
  reverses?: string;
  /** The ids that it was answered with. More than one is a payment too much. */
  paymentIds: Set<string>;
  /** 201: it was made then. 208: it had been made before. Only 208: by an attempt whose answer nobody got. */
  statuses: Set<number>;
  /** Answers that no attempt of a payment that may be made should get. */
  refusals: { status: number | undefined; why: string | undefined }[];
}

export type Attempt = Invoked & { outcome?: Completed };

/** The attempts of a history, each with what came of it: nothing for one that was never told. */
export function attemptsIn(entries: readonly Entry[]): Attempt[] {
  const attempts = new Map<number, Attempt>();
  for (const entry of entries) {
    if (entry.type === 'invoke') attempts.set(entry.n, { ...entry });
    if (entry.type !== 'ok' && entry.type !== 'fail' && entry.type !== 'info') continue;
    const attempt = attempts.get(entry.n);
    if (attempt) attempt.outcome = entry;
  }
  return [...attempts.values()];
}

const ofAnIntent: ReadonlySet<Invoked['kind']> = new Set(['pay', 'retry', 'twice', 'reverse']);

/** What was wanted, by key. */
export function intentsIn(attempts: readonly Attempt[]): Map<string, Intent> {
  const intents = new Map<string, Intent>();
  for (const attempt of attempts) {
    const { key } = attempt.request;
    if (!ofAnIntent.has(attempt.kind) || key === undefined) continue;
    const intent = intents.get(key) ?? newIntent(key, attempt);
    intents.set(key, intent);
    settle(intent, attempt);
  }
  return intents;
}

function newIntent(key: string, { paymentId, request: { body = '' } }: Attempt): Intent {
  const reversal = paymentId === undefined ? {} : { reverses: paymentId };
  const kind = paymentId === undefined ? 'pay' : 'reverse';
  return {
    key,
    kind,
    body,
    ...reversal,
    paymentIds: new Set(),
    statuses: new Set(),
    refusals: [],
  };
}

function settle(intent: Intent, { outcome }: Attempt): void {
  if (outcome?.type === 'ok') {
    intent.statuses.add(outcome.status ?? 0);
    intent.paymentIds.add(idIn(outcome.answer));
  } else if (outcome?.type === 'fail') intent.refusals.push({ status: outcome.status, why: outcome.why });
}

function idIn(answer: unknown): string {
  return typeof answer === 'object' && answer !== null && 'id' in answer ? String(answer.id) : 'no id';
}
