import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { BadPaymentsFile, payFile, paymentRows, type PayProgress, type PayResult } from '@paid-once/payer';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { count } from '../../cli/src/output/words.js';
import type { MeasuredRun, RunView } from './api.js';
import { Happenings } from './happenings.js';
import { Pace } from './pace.js';
import { ActionFailed, FileCannotBePaid } from './refusals.js';
import { sentRow, type SentRow } from './run-outcome.js';

export interface RunOrder {
  /** "1,000 payments of payments.csv". */
  title: string;
  csv: string;
  url: string;
  apiKey: string | undefined;
  /** As it pays: with a key for each row, and repeating what has no answer, or not. */
  chapter: 1 | 2 | 3 | 4;
}

/** A run that is over, and what is left to count of it. */
export interface PaidRun {
  measured: MeasuredRun;
  /** None until it is over, and if it cannot be counted. */
  sent: readonly SentRow[];
}

const mostRuns = 20;
/** Somebody watches: what matters is that it is repeated, not how long it is waited before that. */
const impatient = { firstDelayMs: 50, maxDelayMs: 1_000 };

/** The payments that somebody has made through the page, one run at a time. */
@Injectable()
export class Runs implements OnModuleDestroy {
  current: RunView | null = null;
  /** The newest first. */
  readonly paid: PaidRun[] = [];
  /** Requests of all runs, repeats included. */
  attempts = 0;
  private stopping = new AbortController();
  private paying: Promise<void> = Promise.resolve();
  private number = 0;

  constructor(private readonly happenings: Happenings) {}

  async onModuleDestroy(): Promise<void> {
    this.stopping.abort();
    await this.paying;
  }

  /** @returns when its file was checked and it pays. @throws ActionFailed another one pays; FileCannotBePaid a row is bad */
  async begin(order: RunOrder): Promise<RunView> {
    if (this.current?.state === 'running')
      throw new ActionFailed({
        happened: `A run is paying already: ${this.current.title}.`,
        money: 'Nothing more was paid.',
        next: 'Stop it, or wait until it is done.',
      });
    const view: RunView = { ...nothingYet, id: String(++this.number), title: order.title };
    const { chapter } = order;
    const startedAt = new Date().toISOString();
    const measured: MeasuredRun = {
      run: view,
      startedAt,
      chapter,
      outcome: null,
      notCounted: null,
      p95Ms: null,
      perSecond: null,
      pace: [],
    };
    this.current = view;
    this.stopping = new AbortController();
    const begun = Promise.withResolvers<void>();
    this.paying = this.pay(order, measured, begun.resolve).catch((error: unknown) => {
      view.state = 'failed';
      view.failure = error instanceof Error ? error.message : String(error);
      measured.notCounted = 'it broke off';
      begun.reject(error);
    });
    await begun.promise.catch((error: unknown) => {
      if (!(error instanceof BadPaymentsFile)) throw error;
      throw new FileCannotBePaid(error.message.replace(/^\S*payments\.csv:/, 'Line '));
    });
    return view;
  }

  get measured(): MeasuredRun[] {
    return this.paid.map(({ measured }) => measured);
  }

  /** @returns whether one was paying */
  stop(): boolean {
    if (this.current?.state !== 'running') return false;
    this.stopping.abort();
    return true;
  }

  private async pay(order: RunOrder, measured: MeasuredRun, begun: () => void): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), 'paid-once-console-'));
    const view = measured.run;
    const paid: PaidRun = { measured, sent: [] };
    try {
      const file = join(folder, 'payments.csv');
      await writeFile(file, order.csv);
      const run = `console-${randomUUID()}`;
      const pace = new Pace();
      const startedAt = performance.now();
      const result = await payFile({
        file,
        run,
        url: order.url,
        apiKey: order.apiKey,
        keepAlive: false, // a link's dice are thrown for each connection: a kept one would be reset always or never
        keys: order.chapter >= 3 ? 'one-per-row' : 'none',
        retry: order.chapter === 1 ? false : impatient,
        signal: this.stopping.signal,
        beforeRow: async () => this.begins(paid, begun),
        onProgress: (progress) => {
          this.progress(view, progress, startedAt);
          measured.pace = pace.after(performance.now() - startedAt, view.accepted + view.replayed);
        },
      });
      this.begins(paid, begun); // if it has no row
      const sent = await sentRows(file, run, result);
      if (typeof sent === 'string') measured.notCounted = sent;
      else paid.sent = sent;
      const { p95Ms, seconds, accepted, replayed } = result.summary;
      const perSecond = seconds > 0 ? Math.round((accepted + replayed) / seconds) : null;
      Object.assign(measured, { p95Ms, perSecond });
      Object.assign(view, { state: result.interrupted ? 'stopped' : 'done', secondsLeft: null });
      this.happenings.add({ who: 'you', says: wordsFor(view), kind: 'paid' });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** Its file is good: from now on it counts as a run. */
  private begins(paid: PaidRun, begun: () => void): void {
    if (this.paid[0] === paid) return;
    this.paid.unshift(paid);
    this.paid.splice(mostRuns);
    begun();
  }

  private progress(view: RunView, progress: PayProgress, startedAt: number): void {
    const { done, total, attempts, accepted, replayed, refused, failed } = progress;
    this.attempts += attempts - view.attempts;
    const seconds = (performance.now() - startedAt) / 1_000;
    const secondsLeft = done === 0 ? null : Math.ceil((seconds / done) * (total - done));
    Object.assign(view, {
      rows: total,
      done,
      attempts,
      accepted,
      replayed,
      refused,
      unknown: failed,
      secondsLeft,
    });
  }
}

/**
 * The rows of which the ledger should have something: not those that were refused, nor those that a stop left half-way, of
 * which nobody claims that they were paid.
 * @returns or why nobody can tell which is which
 */
async function sentRows(
  file: string,
  run: string,
  { summary, problems, interrupted }: PayResult,
): Promise<SentRow[] | string> {
  const left = new Set(
    problems.filter(({ outcome }) => outcome === 'refused' || interrupted).map(({ row }) => row),
  );
  if (summary.refused + (interrupted ? summary.failed : 0) > left.size)
    return 'too many rows were refused to know which';
  const rows: SentRow[] = [];
  const tried = summary.accepted + summary.replayed + summary.refused + summary.failed;
  for await (const row of paymentRows(file)) {
    if (row.row > tried) break; // they are begun in their order
    if (row.kind === 'bad' || left.has(row.row)) continue;
    if (row.reference !== undefined) return 'its rows have references of their own';
    const sent = sentRow(`${run}/${row.row}`, row.amount, row.currency);
    if (sent) rows.push(sent);
  }
  return rows;
}

const nothingYet = {
  state: 'running' as const,
  rows: 0,
  done: 0,
  attempts: 0,
  accepted: 0,
  replayed: 0,
  refused: 0,
  unknown: 0,
  secondsLeft: null,
  failure: null,
};

function wordsFor({ title, state, accepted, replayed, refused, unknown }: RunView): string {
  const parts = [
    `${count(accepted)} accepted`,
    ...(replayed > 0 ? [`${count(replayed)} had been paid before`] : []),
    ...(refused > 0 ? [`${count(refused)} refused`] : []),
    ...(unknown > 0 ? [`of ${count(unknown)} nobody knows`] : []),
  ];
  return `${title}: ${state === 'stopped' ? 'stopped, ' : ''}${parts.join(', ')}`;
}
