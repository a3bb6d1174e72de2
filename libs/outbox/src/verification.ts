import { isConnectionLoss } from '@paid-once/service';
import type { DataSource } from 'typeorm';
import { HeldConnection, type Reader } from './held-connection.js';
import { openMarkersSql } from './sql/open-markers.js';
import { repeatedSliceSql } from './sql/repeated-slice.js';
import { verificationSliceSql } from './sql/verification-slice.js';
import { verificationStateSql } from './sql/verification-state.js';
import type { OutboxRow } from './window.js';

/** So many markers at most are asked for at once: others than the verifier may publish markers, too. */
const markersAtOnce = 20;

/** How far it is verified that the messages of a shard have arrived. */
export interface Verification {
  shard: number;
  /** What is visible in it is verified; the empty snapshot before the first time. */
  base: string;
  /** When the marker that verified it was published: as Postgres wrote it, to the microsecond. */
  publishedAt: string | null;
  verifiedAt: Date | null;
  /** Whether there is anything that was not verified yet, published or not. */
  hasMore: boolean;
  /** A replay that this verifier has asked for is not finished yet. */
  repairing: boolean;
  /** Those that may verify more, the latest first. */
  markers: OpenMarker[];
}

export interface OpenMarker {
  id: string;
  messageId: string;
  /** What was published before the marker was. */
  base: string | null;
  /** Null while it waits to be published itself. */
  publishedAt: string | null;
}

export interface SentMessage {
  id: string;
  messageId: string;
}

/** @param by what this verifier names itself in its requests for replays */
export async function verificationOf(database: DataSource, shard: number, by: string): Promise<Verification> {
  return onConnection(database, async (connection) => {
    const [state] = await connection.query<StateRow[]>(verificationStateSql, [shard, by]);
    if (!state) throw new Error('Bug: the state of a verification is one row');
    const found = await connection.query<MarkerRow[]>(openMarkersSql, [
      shard,
      state.marker_id,
      state.repaired_at,
      markersAtOnce,
    ]);
    return {
      shard,
      base: state.base,
      publishedAt: state.published_at,
      verifiedAt: state.verified_at,
      hasMore: state.has_more,
      repairing: state.repairing,
      markers: found.map(({ id, message_id: messageId, base, published_at: publishedAt }) => ({
        id,
        messageId,
        base,
        publishedAt,
      })),
    };
  });
}

/**
 * The messages that must have arrived when this marker has: those of the window between the verified base and the
 * marker's, then older ones that were published again meanwhile. Dead letters are left out.
 * Each slice is read when it is asked for; no snapshot and no connection is held in between.
 * @param marker a published one: what it is worth before it has left is not decided yet
 */
export async function* messagesBefore(
  database: DataSource,
  { shard, base, publishedAt }: Verification,
  marker: OpenMarker,
  sliceSize: number,
): AsyncGenerator<SentMessage[]> {
  let after: SliceRow = { xid: '0', id: '0', message_id: '', dead: false };
  const read = <Row>(sql: string, parameters: unknown[]) =>
    onConnection(database, (connection) =>
      connection.queryPatiently<Row[]>(sql, [shard, base, ...parameters, sliceSize]),
    );
  for (let slice: SliceRow[]; ; after = slice.at(-1) ?? after) {
    slice = await read<SliceRow>(verificationSliceSql, [marker.base, after.xid, after.id]);
    yield alive(slice);
    if (slice.length < sliceSize) break;
  }
  if (publishedAt === null) return;
  let afterId = '0';
  for (let slice: RepeatedRow[]; ; afterId = slice.at(-1)?.id ?? afterId) {
    slice = await read<RepeatedRow>(repeatedSliceSql, [publishedAt, marker.publishedAt, afterId]);
    yield alive(slice);
    if (slice.length < sliceSize) break;
  }
}

/** Nothing is missing of what was published before this marker. */
export async function markVerified(database: DataSource, marker: OpenMarker): Promise<void> {
  await onConnection(database, (connection) =>
    connection.query('UPDATE outbox_marker SET verified_at = clock_timestamp() WHERE id = $1', [marker.id]),
  );
}

/** What messages are, for whoever must tell what is missing. */
export async function readMessages(
  db: Reader,
  ids: string[],
): Promise<Pick<OutboxRow, 'type' | 'payload'>[]> {
  return db.query('SELECT type, payload FROM outbox_message WHERE id = ANY ($1::bigint[])', [ids]);
}

function alive(slice: RepeatedRow[]): SentMessage[] {
  return slice.filter(({ dead }) => !dead).map(({ id, message_id: messageId }) => ({ id, messageId }));
}

async function onConnection<Result>(
  database: DataSource,
  work: (connection: HeldConnection) => Promise<Result>,
): Promise<Result> {
  const connection = await HeldConnection.open(database);
  try {
    const result = await work(connection);
    await connection.giveBack();
    return result;
  } catch (error) {
    await (isConnectionLoss(error) ? connection.destroy() : connection.giveBack());
    throw error;
  }
}

interface StateRow {
  base: string;
  published_at: string | null;
  verified_at: Date | null;
  marker_id: string;
  repairing: boolean;
  repaired_at: string | null;
  has_more: boolean;
}

interface MarkerRow {
  id: string;
  message_id: string;
  base: string | null;
  published_at: string | null;
}

interface RepeatedRow {
  id: string;
  message_id: string;
  dead: boolean;
}

interface SliceRow extends RepeatedRow {
  xid: string;
}
