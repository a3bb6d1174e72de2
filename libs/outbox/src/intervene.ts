import { sqlState } from '@paid-once/service';
import { asOwner } from './as-owner.js';
import type { HeldConnection } from './held-connection.js';
import { publishAround, type Cause } from './publish-around.js';
import type { Publish } from './publish.js';
import {
  advanceInterventionSql,
  oldestInterventionSql,
  redriveSliceSql,
  replaySliceSql,
} from './sql/intervene.js';
import type { OutboxRow, Progress } from './window.js';

interface Asked {
  id: string;
  kind: 'replay' | 'redrive';
  after_id: string;
}

/** `message_id` is null where retention has removed the message. */
type SliceRow = (OutboxRow | { id: string; message_id: null }) & { skipped: boolean };

interface Done {
  afterId: string;
  finished: boolean;
  published: OutboxRow[];
  failed: { id: string; cause: Cause }[];
  failure: string | null;
}

/**
 * Goes on with the oldest intervention of a shard: publishes one slice of it. Only between two windows: no message of
 * the slice overtakes a live one then. What can never be published is on record, and the rest goes on without it.
 * @param limit how many messages in a slice
 * @returns false when nothing was asked for
 * @throws LostOwnership, NotPublished; whatever keeps the database from answering. The slice comes again then
 */
export async function intervene(
  connection: HeldConnection,
  progress: Progress,
  publish: Publish,
  limit: number,
): Promise<boolean> {
  const [asked] = await connection.query<Asked[]>(oldestInterventionSql, [progress.shard]);
  if (!asked) return false;
  try {
    await advance(
      connection,
      progress,
      asked,
      await publishSlice(connection, progress, asked, publish, limit),
    );
  } catch (error) {
    await advance(connection, progress, asked, givingUp(asked, error));
  }
  return true;
}

function advance(connection: HeldConnection, progress: Progress, asked: Asked, done: Done): Promise<unknown> {
  const redrives = asked.kind === 'redrive';
  return asOwner(connection, progress, advanceInterventionSql, [
    asked.id,
    done.afterId,
    done.published.length,
    done.failure,
    done.finished,
    redrives ? done.published.map(({ id }) => id) : [],
    redrives ? done.failed.map(({ id }) => id) : [],
    redrives ? done.failed.map(({ cause }) => cause.reason) : [],
    redrives ? done.failed.map(({ cause }) => cause.detail) : [],
  ]);
}

async function publishSlice(
  connection: HeldConnection,
  progress: Progress,
  asked: Asked,
  publish: Publish,
  limit: number,
): Promise<Done> {
  const slice =
    asked.kind === 'replay'
      ? await connection.queryPatiently<SliceRow[]>(replaySliceSql, [asked.id, progress.base, limit])
      : await connection.queryPatiently<SliceRow[]>(redriveSliceSql, [asked.id, limit]);
  const rows = slice.filter((row) => row.message_id !== null && !row.skipped) as OutboxRow[];
  const { published, failed } = await publishAround(publish, progress.shard, rows);
  return {
    afterId: slice.at(-1)?.id ?? asked.after_id,
    finished: slice.length < limit,
    published,
    failed: rows.flatMap(({ id, message_id }) => {
      const cause = failed.get(message_id);
      return cause === undefined ? [] : [{ id, cause }];
    }),
    failure: failureOf(failed),
  };
}

function failureOf(failed: Map<string, Cause>): string | null {
  const [first] = failed.values();
  if (!first) return null;
  const others = failed.size > 1 ? ` and ${failed.size - 1} others` : '';
  const why = [first.reason, first.detail ?? []].flat().join(': ');
  return `message ${first.messageId}${others} can never be published: ${why}`;
}

// Bad data, missing rights, too much for one statement: what the database refuses for the intervention's own sake it would
// refuse for ever, before everything that was asked for after it. What it refuses for the moment's sake comes again.
const refusedForEver = /^(22|23|42|54|57014)/;

function givingUp(asked: Asked, error: unknown): Done {
  if (!refusedForEver.test(sqlState(error) ?? '')) throw error;
  const failure = error instanceof Error ? error.message : String(error);
  return { afterId: asked.after_id, finished: true, published: [], failed: [], failure };
}
