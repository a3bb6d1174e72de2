import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { DoneRows } from './done-rows.js';
import type { Writer } from './writer.js';

const writer = {
  id: z.string(),
  pid: z.int(),
  host: z.string(),
  processStart: z.int(),
} satisfies Record<keyof Writer, z.ZodType>;

/** The first line: it is on the disk before the first attempt, and the run's name fixes every key. */
const begun = z.object({
  run: z.string(),
  /** Of the file that is paid, in hexadecimal. */
  sha256: z.string(),
  rows: z.int().min(0),
  url: z.string(),
  startedAt: z.string(),
  ...writer,
});
/** A row whose outcome is final. */
const row = z.object({
  row: z.int(),
  outcome: z.enum(['accepted', 'replayed', 'refused']),
  /** Of a refused row, for people. */
  line: z.int().optional(),
  status: z.int().optional(),
  detail: z.string().optional(),
});
/** Another payer goes on; it counts only if nobody else came after `after` before it. */
const takenOver = z.object({ takenOver: z.string(), after: z.string(), ...writer });
/** Its payer has stopped and left rows behind. */
const ended = z.object({ ended: z.string(), id: z.string() });
/** A new run was wanted: only who names this one goes on with it. */
const setAside = z.object({ setAside: z.string() });
/** Payments does not know what it accepted before: no row is done any more. */
const forgotten = z.object({ forgotten: z.string() });

const line = z.union([row, begun, takenOver, ended, setAside, forgotten]);
export type JournalLine = z.input<typeof line>;

/** What a journal says of its run. */
export interface JournalState {
  begun: z.infer<typeof begun>;
  /** Who pays, or paid last. */
  writer: Writer;
  /** The writer goes on with what another one left. */
  takenOver: boolean;
  /** The writer has stopped in order: nobody pays. */
  ended: boolean;
  setAside: boolean;
  done: DoneRows;
}

/**
 * Reads a journal in memory of one byte per row. Lines that cannot be read are passed over: a payer that is killed while
 * it writes leaves half a line, and all that a lost row costs is one more 208.
 * @returns undefined if there is no first line: whoever began it was killed before it sent anything
 * @throws the file system's errors
 */
export async function readJournal(path: string): Promise<JournalState | undefined> {
  let state: JournalState | undefined;
  for await (const text of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    const read = parsed(text);
    if (read === undefined) continue;
    if ('rows' in read)
      state ??= {
        begun: read,
        writer: read,
        takenOver: false,
        ended: false,
        setAside: false,
        done: new DoneRows(read.rows),
      };
    else if (state) note(state, read);
  }
  return state;
}

function note(state: JournalState, said: Exclude<z.infer<typeof line>, z.infer<typeof begun>>): void {
  if ('row' in said) {
    const { row, outcome, line = 0, status, detail = '' } = said;
    state.done.add(row, outcome, outcome === 'refused' ? { outcome, row, line, status, detail } : undefined);
  } else if ('takenOver' in said) {
    if (said.after !== state.writer.id) return; // another one was first
    state.writer = said;
    state.takenOver = true;
    state.ended = false;
    state.setAside = false;
  } else if ('ended' in said) {
    if (said.id === state.writer.id) state.ended = true;
  } else if ('setAside' in said) {
    state.setAside = true;
  } else {
    state.done = new DoneRows(state.begun.rows);
  }
}

function parsed(text: string): z.infer<typeof line> | undefined {
  try {
    return line.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
