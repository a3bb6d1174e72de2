import { asOwner } from './as-owner.js';
import type { HeldConnection } from './held-connection.js';
import { NotPublished, type Publish } from './publish.js';
import { markerType } from './request-markers.js';
import { fixMarkersSql, recordMarkersSql } from './sql/publish-markers.js';
import type { OutboxRow, Progress } from './window.js';

type MarkerRow = Pick<OutboxRow, 'message_id' | 'run_id' | 'shard' | 'key' | 'created_at'>;

/**
 * Publishes the markers of a shard that wait. Only between two windows: everything visible in the progress' base is
 * confirmed, and it is on record as the marker's base before the marker leaves.
 * @throws LostOwnership, NotPublished
 */
export async function publishMarkers(
  connection: HeldConnection,
  progress: Progress,
  publish: Publish,
): Promise<void> {
  const rows = await asOwner<{ ours: boolean; id: string | null } & MarkerRow>(
    connection,
    progress,
    fixMarkersSql,
    [progress.base],
  );
  const markers = rows.flatMap(({ id, message_id, run_id, shard, key, created_at }) =>
    id === null
      ? []
      : [{ id, message_id, run_id, shard, key, created_at, type: markerType, headers: {}, payload: '{}' }],
  );
  if (markers.length === 0) return;
  try {
    await publish(progress.shard, markers);
  } catch (error) {
    throw new NotPublished(error);
  }
  await asOwner(connection, progress, recordMarkersSql, [markers.map(({ id }) => id)]);
}
