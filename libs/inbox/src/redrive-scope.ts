import type { EntityManager } from 'typeorm';
import { isNotGivenUp } from './given-up.js';
import { matching, type ParkedFilter } from './parked-filter.js';

/** Which parked messages a redrive is about: what was parked later, and what somebody dropped, is not tried again. */
export interface RedriveScope {
  which: ParkedFilter;
  /** The last id. */
  untilId: string;
}

export interface Candidate {
  id: string;
  reason: string;
  queue: string;
  fingerprint: Buffer;
  message_id: string | null;
}

/** Bodies in one slice, in bytes; one body may be larger. */
const maxSliceBytes = 16 * 1024 * 1024;

/** What was dropped, and what was not sent by who may send, is meant only by who names it by its id. */
export function mayBeTaken(which: ParkedFilter): string {
  return 'ids' in which ? 'true' : `${isNotGivenUp} AND reason <> 'forged'`;
}

/** The oldest of them, no more at once than fits into memory. */
export async function oldestOf(db: EntityManager, scope: RedriveScope, limit: number): Promise<Candidate[]> {
  const { condition, parameters } = conditionOf(scope);
  return await db.query(
    `SELECT id, reason, queue, fingerprint, message_id
       FROM (SELECT parked_message.*, sum(octet_length(body)) OVER (ORDER BY id) - octet_length(body) AS bytes_before
               FROM parked_message
              WHERE ${condition}
              ORDER BY id
              LIMIT $3) AS oldest
      WHERE bytes_before < $4
      ORDER BY id`,
    [...parameters, limit, maxSliceBytes],
  );
}

export async function countOf(db: EntityManager, scope: RedriveScope): Promise<number> {
  const { condition, parameters } = conditionOf(scope);
  const [row] = await db.query<{ count: number }[]>(
    `SELECT count(*)::int AS count FROM parked_message WHERE ${condition}`,
    parameters,
  );
  return row?.count ?? 0;
}

function conditionOf({ which, untilId }: RedriveScope): { condition: string; parameters: unknown[] } {
  const { condition, parameter } = matching(which);
  return {
    condition: `${condition} AND id <= $2::bigint AND ${mayBeTaken(which)}`,
    parameters: [parameter, untilId],
  };
}
