import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { BadPaymentsFile, payFile, type PayProgress } from '@paid-once/payer';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunView } from './api.js';
import { Happenings } from './happenings.js';
import { ActionFailed, FileCannotBePaid } from './refusals.js';

export interface RunOrder {
  /** "1,000 payments of payments.csv". */
  title: string;
  csv: string;
  url: string;
  apiKey: string | undefined;
  /** As the chapter pays: with a key for each row, and repeating what has no answer, or not. */
  keys: boolean;
  retry: boolean;
}

/** The payments that somebody has made through the page, one run at a time. */
@Injectable()
export class Runs implements OnModuleDestroy {
  current: RunView | null = null;
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
    this.current = view;
    this.stopping = new AbortController();
    const begun = Promise.withResolvers<void>();
    this.paying = this.pay(order, view, begun.resolve).catch((error: unknown) => {
      view.state = 'failed';
      view.failure = error instanceof Error ? error.message : String(error);
      begun.reject(error);
    });
    await begun.promise.catch((error: unknown) => {
      if (!(error instanceof BadPaymentsFile)) throw error;
      throw new FileCannotBePaid(error.message.replace(/^\S*payments\.csv:/, 'Line '));
    });
    return view;
  }

  /** @returns whether one was paying */
  stop(): boolean {
    if (this.current?.state !== 'running') return false;
    this.stopping.abort();
    return true;
  }

  private async pay(order: RunOrder, view: RunView, begun: () => void): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), 'paid-once-console-'));
    try {
      const file = join(folder, 'payments.csv');
      await writeFile(file, order.csv);
      const startedAt = performance.now();
      const { interrupted } = await payFile({
        file,
        url: order.url,
        apiKey: order.apiKey,
        keys: order.keys ? 'one-per-row' : 'none',
        ...(!order.retry && { retry: false }),
        signal: this.stopping.signal,
        beforeRow: async () => begun(),
        onProgress: (progress) => this.progress(view, progress, startedAt),
      });
      begun(); // if it has no row
      view.state = interrupted ? 'stopped' : 'done';
      view.secondsLeft = null;
      this.happenings.add({ who: 'you', says: outcomeOf(view), kind: 'paid' });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
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

function outcomeOf({ title, state, accepted, replayed, refused, unknown }: RunView): string {
  const parts = [
    `${accepted} accepted`,
    ...(replayed > 0 ? [`${replayed} had been paid before`] : []),
    ...(refused > 0 ? [`${refused} refused`] : []),
    ...(unknown > 0 ? [`of ${unknown} nobody knows`] : []),
  ];
  return `${title}: ${state === 'stopped' ? 'stopped, ' : ''}${parts.join(', ')}`;
}
