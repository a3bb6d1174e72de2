import { afterEach, beforeEach, expect } from '@jest/globals';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { payFile, type PayNotice, type PayOptions } from '../index.js';
import { startPayments } from './payments-in-memory.js';
import type { SeenRequest, Step } from './scripted-server.js';

/** What a test of the journal has for itself, new for each. */
export const rig: {
  directory: string;
  file: string;
  notices: PayNotice[];
  payments: Awaited<ReturnType<typeof startPayments>>;
} = { directory: '', file: '', notices: [], payments: undefined as never };

/** Call it once in a spec. */
export function useRig(): void {
  beforeEach(async () => {
    rig.directory = await mkdtemp(join(tmpdir(), 'payer-'));
    rig.file = join(rig.directory, 'p.csv');
    rig.notices = [];
  });
  afterEach(async () => {
    await rig.payments.stop();
    await rm(rig.directory, { recursive: true });
  });
}

/** Each row has a payer of its own, so that it is known whatever key it came under. */
export const csv = (rows: number) =>
  `src,dest,amount\n${Array.from({ length: rows }, (_, index) => `payer${index + 1},marc,1\n`).join('')}`;

export async function start(rows: number, script?: (request: SeenRequest, seen: number) => Step | undefined) {
  await writeFile(rig.file, csv(rows));
  rig.payments = await startPayments(script);
}
export const pay = (more: Partial<PayOptions> = {}) =>
  payFile({
    file: rig.file,
    url: rig.payments.url,
    journal: 'beside-file',
    concurrency: 4,
    retry: { limitMs: 10_000, firstDelayMs: 1, maxDelayMs: 5 },
    onNotice: (notice) => rig.notices.push(notice),
    ...more,
  });
export const journals = async () =>
  (await readdir(rig.directory)).filter((name) => name.endsWith('.journal'));
export const journalText = async () => readFile(join(rig.directory, (await journals())[0] ?? ''), 'utf8');

/** A run of which the rows up to `upTo` are done, and whose payer was stopped in order. */
export async function stopAfter(upTo: number, more: Partial<PayOptions> = {}): Promise<string> {
  const stop = new AbortController();
  const { run } = await pay({
    ...more,
    concurrency: 1,
    signal: stop.signal,
    onProgress: ({ done }) => done === upTo && stop.abort(),
  });
  rig.notices = [];
  return run;
}

/** The same as it stands after kill -9: nobody said that it ended; by default its payer is a process that is gone. */
export async function killAfter(
  upTo: number,
  writer: object = { processStart: 1 },
  more: Partial<PayOptions> = {},
) {
  const run = await stopAfter(upTo, more);
  const path = join(rig.directory, `p.csv.${run}.journal`);
  const [first = '', ...lines] = (await readFile(path, 'utf8')).trimEnd().split('\n');
  lines.pop();
  await writeFile(path, [JSON.stringify({ ...JSON.parse(first), ...writer }), ...lines, ''].join('\n'));
  return { run, path };
}

export async function everybodyIsPaidOnce(rows: number) {
  expect(rig.payments.accepted.size).toBe(rows);
  expect([...rig.payments.keysOf().values()].every((keys) => keys.length === 1)).toBe(true);
  expect(rig.payments.keysOf().size).toBe(rows);
}

/** For root nothing is read-only: it is somebody else meanwhile. */
export async function inReadOnlyDirectory<Result>(work: () => Promise<Result>): Promise<Result> {
  const isRoot = process.geteuid?.() === 0;
  await chmod(rig.directory, 0o555);
  if (isRoot) process.seteuid?.(65_534);
  try {
    return await work();
  } finally {
    if (isRoot) process.seteuid?.(0);
    await chmod(rig.directory, 0o755);
  }
}
