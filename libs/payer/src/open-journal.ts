import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Appender, Journal, journalPath, now } from './journal.js';
import { readJournal, type JournalState } from './journal-lines.js';
import { JournalRefused } from './journal-refused.js';
import type { PayNotice } from './pay-types.js';
import { thisWriter, whereaboutsOf } from './writer.js';

export interface JournalOptions {
  file: string;
  /** How many the file has. */
  rows: number;
  /** Where it is paid. */
  url: string;
  /** The run that was asked for. Undefined: the newest that was left unfinished, else `newRun`. */
  run: string | undefined;
  newRun: string;
  /** A new run is wanted, whatever was left unfinished. */
  fresh: boolean;
  onNotice: (notice: PayNotice) => void;
}

/**
 * Chooses the run that is paid now, and opens its journal. The keys of a run follow from its name: once this has
 * resolved, they outlive the process.
 *
 * Two payers that go on with the same run do no harm, because their keys are the same; but only one of them is let.
 * @throws JournalRefused nothing was paid
 * @throws the file system's errors if a journal is there and cannot be read
 */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const opening = { ...options, sha256: await sha256Of(options.file) };
  const { file, run, newRun, fresh, sha256 } = opening;
  if (run !== undefined) {
    const path = journalPath(file, run);
    const state = await readIfThere(path);
    if (!state) return begin(opening, run);
    if (state.begun.run !== run || state.begun.sha256 !== sha256) throw JournalRefused.otherFile(run, path);
    return takeOver(opening, { path, state });
  }
  for (const unfinished of await unfinishedRuns(opening)) {
    if (fresh) setAside(unfinished, opening);
    else if (mayGoOn(unfinished, opening)) return takeOver(opening, unfinished);
  }
  return begin(opening, newRun);
}

type Opening = JournalOptions & { sha256: string };

interface Unfinished {
  path: string;
  state: JournalState;
}

/** Of this very file, the newest first. */
async function unfinishedRuns({ file, sha256 }: Opening): Promise<Unfinished[]> {
  const found: Unfinished[] = [];
  for (const name of await readdir(dirname(file))) {
    if (!name.startsWith(`${basename(file)}.`) || !name.endsWith('.journal')) continue;
    const path = join(dirname(file), name);
    const state = await readIfThere(path);
    // A name can be two files': that of a.csv's run b.c, and of a.csv.b's run c.
    if (state?.begun.sha256 === sha256 && journalPath(file, state.begun.run) === path && !state.setAside)
      found.push({ path, state });
  }
  return found.sort((a, b) => b.state.begun.startedAt.localeCompare(a.state.begun.startedAt));
}

/** @throws JournalRefused where both going on and paying everybody again could be wrong */
function mayGoOn({ state }: Unfinished, { url, onNotice }: Opening): boolean {
  const { begun, writer } = state;
  const whereabouts = whoPays(state);
  if (whereabouts === 'alive') {
    // Two payers are two runs. But of several that were started to go on, the late ones must not pay everybody again.
    if (state.takenOver) throw JournalRefused.taken(begun.run);
    onNotice({ kind: 'still-paid', run: begun.run, pid: writer.pid });
    return false;
  }
  if (whereabouts === 'elsewhere') throw JournalRefused.otherHost(begun.run, writer.host);
  if (begun.url !== url) throw JournalRefused.otherUrl(begun.run, begun.url);
  return true;
}

function whoPays({ ended, writer }: JournalState): 'alive' | 'gone' | 'elsewhere' {
  return ended ? 'gone' : whereaboutsOf(writer);
}

function setAside({ path, state }: Unfinished, { onNotice }: Opening): void {
  if (whoPays(state) === 'alive') return;
  const appender = appenderOrReason(path, { setAside: now(), id: state.writer.id });
  if (typeof appender === 'string') return; // it cannot be written: then it stays as it is
  appender.close();
  onNotice({ kind: 'set-aside', run: state.begun.run });
}

/**
 * Who goes on says so at the journal's end, and after whom. Appends have one order for all, so of two who come after the
 * same one the first is right, and both can read which that is. There is no lock that a killed payer could leave behind.
 */
async function takeOver(opening: Opening, { path, state }: Unfinished): Promise<Journal> {
  const { onNotice, rows } = opening;
  const { run } = state.begun;
  const asked = opening.run !== undefined;
  const goOn = ({ done }: JournalState, appender?: Appender) => {
    onNotice({ kind: 'continued', run, done: done.size, total: rows, asked });
    return new Journal(run, done, appender);
  };
  const writer = thisWriter();
  const appender = appenderOrReason(path, { takenOver: now(), after: state.writer.id, ...writer });
  if (appender === 'ENOENT') {
    if (asked) return begin(opening, run);
    throw JournalRefused.taken(run);
  }
  if (typeof appender === 'string') {
    onNotice({ kind: 'no-journal', run, reason: appender });
    return goOn(state);
  }
  const seen = await readIfThere(path);
  if (seen?.writer.id === writer.id || asked) return goOn(seen ?? state, appender);
  appender.close();
  throw JournalRefused.taken(run);
}

function begin({ file, rows, url, sha256, onNotice }: Opening, run: string): Journal {
  const line = { run, sha256, rows, url, startedAt: now(), ...thisWriter() };
  const appender = appenderOrReason(journalPath(file, run), line, { first: true });
  if (typeof appender !== 'string') return new Journal(run, undefined, appender);
  onNotice({ kind: 'no-journal', run, reason: appender });
  return new Journal(run);
}

/** @returns the error's code where it cannot be written */
function appenderOrReason(
  path: string,
  line: Parameters<typeof Appender.open>[1],
  { first } = { first: false },
): Appender | string {
  try {
    return Appender.open(path, line, { first });
  } catch (error) {
    return codeOf(error) ?? String(error);
  }
}

async function readIfThere(path: string): Promise<JournalState | undefined> {
  try {
    return await readJournal(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

function codeOf(error: unknown): string | undefined {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : undefined;
}
