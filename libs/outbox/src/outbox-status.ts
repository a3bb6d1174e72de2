import type { Reader } from './held-connection.js';
import { lockClass } from './shard-ownership.js';
import { stationsSql } from './sql/stations.js';
import { statusSql } from './sql/status.js';

/** `outbox`: not published yet, as far as the progress says, which is written after the confirm. */
export type MessageStation = 'outbox' | 'published' | 'dead-lettered';

export interface MessagePlace {
  station: MessageStation;
  /** Given with a marker: whether it was published before that, and on the same queue. */
  beforeMarker?: boolean;
}

/**
 * @param markerSet a set of markers to compare with; until a shard's marker is published, nothing was before it
 * @returns where the messages of these keys are, by message id; one that retention has removed is not in it
 */
export async function stationsOf(
  db: Reader,
  keys: string[],
  markerSet?: string,
): Promise<Map<string, MessagePlace>> {
  const rows = await db.query<{ message_id: string; station: MessageStation; before_marker: boolean }[]>(
    stationsSql,
    [keys, markerSet ?? null],
  );
  return new Map(
    rows.map(({ message_id, station, before_marker }) => [
      message_id,
      markerSet === undefined ? { station } : { station, beforeMarker: before_marker },
    ]),
  );
}

export interface ShardStatus {
  shard: number;
  /** Messages that are committed and, as far as the progress says, not published. */
  pending: number;
  oldestSeconds: number | null;
  /** How long ago the shard's progress was last written. */
  progressSeconds: number;
  deadLetters: number;
  /** The backend that holds the shard's lock: the relay's session. */
  owner: number | null;
}

/** Counts what waits, row by row: for a session that is set up like a relay's (`relaySession`). */
export async function outboxStatus(db: Reader): Promise<ShardStatus[]> {
  const rows = await db.query<
    {
      shard: number;
      pending: number;
      oldest_seconds: number | null;
      progress_seconds: number;
      dead_letters: number;
      owner: number | null;
    }[]
  >(statusSql, [lockClass]);
  return rows.map((row) => ({
    shard: row.shard,
    pending: row.pending,
    oldestSeconds: row.oldest_seconds,
    progressSeconds: row.progress_seconds,
    deadLetters: row.dead_letters,
    owner: row.owner,
  }));
}
