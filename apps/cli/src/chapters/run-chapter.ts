import { payFile, type PayProgress } from '@paid-once/payer';
import { z } from 'zod';
import { call } from '../services.js';
import type { Stack } from '../stack/start-stack.js';
import type { Chapter } from './chapter.js';
import type { ChapterFile } from './chapter-file.js';
import type { ChapterResult } from './chapter-result.js';
import type { CostMeter } from './cost-meter.js';
import { clientFault, faultSteps } from './fault-schedule.js';
import { recovered } from './recovered.js';
import { Schedule } from './schedule.js';
import { seededRandom } from './seeded-random.js';
import { settle } from './settle.js';

export interface ChapterOptions {
  stack: Stack;
  brokerAdmin: string;
  meter: CostMeter;
  file: ChapterFile;
  seed: number;
  signal: AbortSignal;
  /** @param state what is broken behind the API, if anything is */
  onProgress: (progress: PayProgress, state: string) => void;
}

const concurrency = 8;
/** Short pauses: the faults are what is measured, not the patience of the client. */
const retry = { limitMs: 120_000, firstDelayMs: 50, maxDelayMs: 1_000 };

/** Pays the file once, in the way of one chapter, from empty ledgers, while everything breaks; then counts. */
export async function runChapter(
  { chapter, keys, retries }: Chapter,
  { stack, brokerAdmin, meter, file, seed, signal, onProgress }: ChapterOptions,
): Promise<ChapterResult> {
  const { urls, links } = stack;
  const system = { urls, links, signal, brokerAdmin, paymentsPublishes: chapter === 1 };
  const run = `chapter-${chapter}-seed-${seed}`;
  const rows = file.amounts.length;

  await call('payments', urls.payments, { method: 'DELETE', path: '/payments', signal }, z.undefined());
  await call(
    'payments',
    urls.payments,
    { method: 'PUT', path: '/lab/chapter', body: { chapter }, signal },
    z.unknown(),
  );
  stack.reseed(seed);
  await links.breakWith('payment', clientFault);
  await meter.start();

  const schedule = new Schedule(rows, faultSteps(system));
  const { summary } = await payFile({
    file: file.path,
    url: urls.link,
    run,
    keys,
    retry: retries && retry,
    keepAlive: false, // the dice are thrown for each connection: a kept one would be reset always or never
    concurrency,
    random: seededRandom(seed),
    beforeRow: (row) => schedule.beforeRow(row),
    onProgress: (progress) => onProgress(progress, schedule.state),
    signal,
  });
  signal.throwIfAborted();
  await schedule.finish();

  await links.healAll();
  await recovered(system);
  const intended = file.amounts.map((minor, index) => ({ key: `${run}/${index + 1}`, minor }));
  const hops = await settle({ urls, signal, rows: intended, keepsMessages: retries });
  const { statements, messages } = await meter.read();
  return {
    chapter,
    attempts: summary.attempts,
    ...hops,
    p50Ms: summary.p50Ms,
    p95Ms: summary.p95Ms,
    perSecond: tenths((summary.accepted + summary.replayed) / (summary.seconds - schedule.heldMs / 1_000)),
    cost: {
      statements: tenths(statements / rows),
      messages: tenths(messages / rows),
      attempts: tenths(summary.attempts / rows),
    },
  };
}

const tenths = (value: number): number => Math.round(value * 10) / 10;
