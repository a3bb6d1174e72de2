import type { HeldConnection, Reader } from './held-connection.js';
import { appendProgressSql } from './sql/append-progress.js';
import { checkServerSql } from './sql/check-server.js';
import { openWindowSql } from './sql/open-window.js';
import { readSliceSql } from './sql/read-slice.js';
import { takeShardSql } from './sql/take-shard.js';

/**
 * How far a shard is published: everything visible in `base`, and of the open window (visible in `horizon`, not in
 * `base`) the rows up to `after_id`. Snapshots are kept as Postgres wrote them; nothing here ever makes one.
 */
export interface Progress {
  shard: number;
  seq: string;
  base: string;
  /** Null: no window is open. */
  horizon: string | null;
  fresh_from: string | null;
  /** The largest id of the same rows. It follows from the snapshots, so it is not on record. */
  fresh_to: string | null;
  after_id: string;
  /** Whether somebody asked for something to be done between two windows. */
  asked?: boolean;
}

export interface OutboxRow {
  id: string;
  message_id: string;
  run_id: string;
  shard: number;
  type: string;
  key: string;
  headers: Record<string, string>;
  payload: string;
  created_at: Date;
  /** It has more bytes than a message may have: neither headers nor payload were read. `publish` never sees one. */
  too_big?: boolean;
}

/** Somebody else has written this shard's progress since we read it. */
export class LostOwnership extends Error {
  constructor(shard: number) {
    super(`another relay has taken shard ${shard}`);
  }
}

/** These snapshots were not taken by this server: publishing by them would lose messages silently. */
export class OtherServer extends Error {}

/** Stands for the cluster while the progress belongs to none. */
export const unfinishedRebase = 'unfinished rebase';

export interface ServerState {
  expected: string;
  actual: string;
  standby: boolean;
  synchronous_commit: string;
  ahead: boolean;
}

/** @throws OtherServer */
export async function checkServer(db: Reader): Promise<void> {
  const [row] = await db.query<ServerState[]>(checkServerSql);
  if (!row) throw new OtherServer('outbox_settings is empty: run the migrations');
  if (row.standby) throw new OtherServer('this is a standby: snapshots must be taken on the primary');
  if (row.expected === unfinishedRebase)
    throw new OtherServer('a rebase has not ended; if none runs, run it again (paid-once outbox rebase)');
  if (row.expected !== row.actual)
    throw new OtherServer(
      `the progress belongs to the cluster ${row.expected}, this is ${row.actual}: after a restore every message must ` +
        'be given a transaction id of this cluster and progress must start anew (paid-once outbox rebase)',
    );
  if (row.ahead)
    throw new OtherServer(
      'the progress is ahead of this server: after a restore it must start anew (paid-once outbox rebase)',
    );
  if (!['on', 'remote_apply'].includes(row.synchronous_commit))
    throw new OtherServer(
      `synchronous_commit is ${row.synchronous_commit}: a horizon could be used and then lost`,
    );
}

/** @throws OtherServer, LostOwnership */
export async function takeShard(connection: HeldConnection, shard: number): Promise<Progress> {
  await checkServer(connection);
  const [progress] = await connection.queryPatiently<Progress[]>(takeShardSql, [shard]);
  if (!progress) throw new LostOwnership(shard);
  return progress;
}

/**
 * Closes the open window, all of which must be published, and opens the next one.
 * @returns the same progress when there was nothing to do; without a horizon when nothing waits
 * @throws LostOwnership
 */
export async function openWindow(connection: HeldConnection, last: Progress): Promise<Progress> {
  const [row] = await connection.queryPatiently<(Progress & { wanted: number })[]>(openWindowSql, [
    last.shard,
    last.seq,
  ]);
  if (!row) throw new LostOwnership(last.shard);
  const { wanted, ...progress } = row;
  if (wanted === 0) return Object.assign(last, { asked: progress.asked });
  if (progress.seq === null) throw new LostOwnership(last.shard);
  return progress;
}

/** @returns the next rows of the open window; fewer than `limit` when it ends with them */
export function readSlice(
  connection: HeldConnection,
  { shard, base, horizon, fresh_from, fresh_to }: Progress,
  afterId: string,
  limit: number,
): Promise<(OutboxRow & { dead: boolean })[]> {
  return connection.query(readSliceSql, [shard, base, horizon, fresh_from, fresh_to, afterId, limit]);
}

/**
 * Appends that the open window is published up to its `after_id`, and the messages that die with it.
 * @throws LostOwnership
 */
export async function appendProgress(
  connection: HeldConnection,
  { shard, seq, after_id, fresh_to }: Progress,
  dying: { id: string; reason: string; detail?: string | undefined }[],
): Promise<Progress> {
  const [appended] = await connection.query<Omit<Progress, 'fresh_to'>[]>(appendProgressSql, [
    shard,
    seq,
    after_id,
    dying.map(({ id }) => id),
    dying.map(({ reason }) => reason),
    dying.map(({ detail }) => detail),
  ]);
  if (!appended) throw new LostOwnership(shard);
  return { ...appended, fresh_to };
}
