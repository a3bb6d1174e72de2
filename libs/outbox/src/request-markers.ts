import type { Reader } from './held-connection.js';
import { findMarkersSql, requestMarkersSql } from './sql/markers.js';

/** The type of the messages that the outbox sends on its own behalf. */
export const markerType = 'outbox.marker';

export interface Marker {
  shard: number;
  messageId: string;
  requestedAt: Date;
  /** Null: it waits for its shard's owner. */
  publishedAt: Date | null;
}

/**
 * Asks for a marker in each shard, or in some. A shard's owner publishes it between two windows: queue order is publish
 * order, so whoever receives it was sent everything before it that the marker's `base` shows.
 * @param shards without it: all
 */
export async function requestMarkers(
  db: Reader,
  shards?: number[],
): Promise<{ set: string; shards: number }> {
  const rows = await db.query<{ set_id: string }[]>(requestMarkersSql, [shards ?? null]);
  const [first] = rows;
  if (!first) throw new Error('Bug: markers were asked for in no shard');
  return { set: first.set_id, shards: rows.length };
}

/** @returns the markers of a set, by shard; none when there is no such set */
export async function markersOf(db: Reader, set: string): Promise<Marker[]> {
  const rows = await db.query<
    { shard: number; message_id: string; requested_at: Date; published_at: Date | null }[]
  >(findMarkersSql, [set]);
  return rows.map(({ shard, message_id, requested_at, published_at }) => ({
    shard,
    messageId: message_id,
    requestedAt: requested_at,
    publishedAt: published_at,
  }));
}
