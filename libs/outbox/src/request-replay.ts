import type { Reader } from './held-connection.js';
import { replayMessagesSql, replaySinceSql } from './sql/request-replay.js';

/** Who asks for something, and why: it is kept with what they asked for. */
export interface Requester {
  by: string;
  why: string;
}

export interface Requested {
  /** Their ids; none when there is nothing to do. */
  interventions: string[];
  /** How many messages there are to publish. */
  messages: number;
}

export type ReplayedMessages =
  | { keys: string[] }
  | { ids: string[] } /* outbox ids */
  | { sinceSeconds: number }; /* what was written in these last seconds, and a little more */

/** One slice of an intervention looks through the whole list that it was given. */
const messagesInOne = 10_000;

/**
 * Asks the shards' owners to publish messages from history again, under their own message ids, in order: between
 * windows, at a limited rate, and never what the windows have not published yet, nor a dead letter.
 * @returns `estimated`: of a range nobody has counted the rows; there are at most so many
 */
export async function requestReplay(
  db: Reader,
  what: ReplayedMessages,
  { by, why }: Requester,
): Promise<Requested & { estimated: boolean }> {
  if ('sinceSeconds' in what) {
    const rows = await db.query<{ id: string; messages: string }[]>(replaySinceSql, [
      what.sinceSeconds,
      by,
      why,
    ]);
    return {
      interventions: rows.map(({ id }) => id),
      messages: Number(rows[0]?.messages ?? 0),
      estimated: true,
    };
  }
  const [keys, ids] = 'keys' in what ? [what.keys, []] : [[], what.ids];
  const rows = await db.query<{ id: string; messages: number }[]>(replayMessagesSql, [
    keys,
    ids,
    messagesInOne,
    by,
    why,
  ]);
  return {
    interventions: rows.map(({ id }) => id),
    messages: rows.reduce((sum, { messages }) => sum + messages, 0),
    estimated: false,
  };
}
