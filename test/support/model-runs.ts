import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** What spec/paid-once.qnt calls by these names. */
export interface ModelSnapshot {
  xmax: number;
  xip: number[];
}
export interface ModelProgress {
  seq: number;
  base: ModelSnapshot;
  open: boolean;
  horizon: ModelSnapshot;
  after: number;
}
export interface ModelMessage {
  id: number;
  event: number;
}
export interface ModelRow extends ModelMessage {
  xid: number;
}
export interface ModelState {
  pg: {
    open: ModelRow[];
    rows: ModelRow[];
    nextXid: number;
    nextId: number;
    progress: Record<string, ModelProgress>;
    dead: ModelMessage[];
  };
  relays: Record<string, { holds: boolean; progress: ModelProgress; sent: { id: number; fate: string }[] }>;
  queues: Record<string, ModelMessage[]>;
  ledgers: Record<string, { messages: ModelMessage[] }>;
  books: {
    inbox: number[];
    oldest: number;
    posted: number[];
    waiting: ModelMessage[];
    parked: ModelMessage[];
  };
}
export interface ModelStep {
  action: string;
  /** What the action's variables were, by their names in the model. */
  picks: {
    event?: number;
    t?: ModelRow;
    r?: number;
    c?: number;
    shard?: number;
    row?: ModelRow;
    message?: ModelMessage;
  };
  before: ModelState;
  after: ModelState;
}

/** Runs of the model's instance `replayed`. The same seed gives the same ones. */
export async function modelRuns(seed: number, count: number): Promise<ModelStep[][]> {
  const directory = await mkdtemp(join(tmpdir(), 'paid-once-model-'));
  const command = createRequire(import.meta.url).resolve('@informalsystems/quint/dist/src/cli.js');
  const options = {
    main: 'replayed',
    backend: 'typescript', // the other one is downloaded
    seed: `0x${seed.toString(16)}`,
    'max-samples': String(count),
    'n-traces': String(count),
    'max-steps': '70',
    'out-itf': join(directory, '{seq}.json'),
    verbosity: '0',
  };
  const flags = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
  try {
    await promisify(execFile)(process.execPath, [command, 'run', 'spec/paid-once.qnt', '--mbt', ...flags], {
      cwd: join(import.meta.dirname, '../..'),
    });
    const files = (await readdir(directory)).sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
    return await Promise.all(
      files.map(async (file) => stepsOf(await readFile(join(directory, file), 'utf8'))),
    );
  } finally {
    await rm(directory, { recursive: true });
  }
}

type Taken = ModelState & { 'mbt::actionTaken': string; 'mbt::nondetPicks': ModelStep['picks'] };

function stepsOf(trace: string): ModelStep[] {
  const { states } = JSON.parse(trace, fromItf) as { states: object[] };
  const named = states.map(
    (state) =>
      Object.fromEntries(
        Object.entries(state).map(([name, value]) => [name.replace('replayed::paid_once::', ''), value]),
      ) as unknown as Taken,
  );
  return named.slice(1).map((after, index) => ({
    action: after['mbt::actionTaken'],
    picks: after['mbt::nondetPicks'],
    before: named[index] as ModelState,
    after,
  }));
}

/** The Informal Trace Format: what is inside a value has been read when its outside is. */
function fromItf(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if ('#bigint' in value) return Number(value['#bigint']);
  if ('#set' in value) return value['#set'];
  if ('#tup' in value) return value['#tup'];
  if ('#map' in value)
    return Object.fromEntries((value['#map'] as [unknown, unknown][]).map(([k, v]) => [String(k), v]));
  if ('tag' in value) return value.tag === 'Some' ? (value as { value?: unknown }).value : undefined;
  return value;
}
