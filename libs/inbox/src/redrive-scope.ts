import type { EntityManager } from 'typeorm';
import { isNotGivenUp } from './given-up.js';
import { matching, type ParkedFilter } from './parked-filter.js';

/** Which parked messages a redrive is about: what was parked later, and what somebody dropped, is not tried again. */
export interface RedriveScope {
  which: ParkedFilter;
  /** The last id. */
  untilId: string;
  /** Whose messages are no longer forged. */
  trusted: readonly (string | null)[];
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

/** What was dropped is meant only by who names it by its id. */
export function isMeant(which: ParkedFilter): string {
  return isByName(which) ? 'true' : isNotGivenUp;
}

function isByName(which: ParkedFilter): boolean {
  return 'ids' in which;
}

/** The oldest of them, no more at once than fits into memory. */
export async function oldestOf(db: EntityManager, scope: RedriveScope, limit: number): Promise<Candidate[]> {
  const { meant, isTried, parameters } = conditionOf(scope);
  return await db.query(
    `SELECT id, reason, queue, fingerprint, message_id
       FROM (SELECT parked_message.*, sum(octet_length(body)) OVER (ORDER BY id) - octet_length(body) AS bytes_before
               FROM parked_message
              WHERE ${meant} AND ${isTried}
              ORDER BY id
              LIMIT $4) AS oldest
      WHERE bytes_before < $5
      ORDER BY id`,
    [...parameters, limit, maxSliceBytes],
  );
}

/** How many of them are left, and how many are not tried, because those who published them are not trusted. */
export async function countOf(
  db: EntityManager,
  scope: RedriveScope,
): Promise<{ remaining: number; untrusted: number }> {
  const { meant, isTried, parameters } = conditionOf(scope);
  const [row] = await db.query<{ remaining: number; untrusted: number }[]>(
    `SELECT count(*) FILTER (WHERE ${isTried})::int AS remaining,
            count(*) FILTER (WHERE NOT ${isTried})::int AS untrusted
       FROM parked_message
      WHERE ${meant}`,
    parameters,
  );
  return row ?? { remaining: 0, untrusted: 0 };
}

function conditionOf({ which, untilId, trusted }: RedriveScope) {
  const { condition, parameter } = matching(which);
  return {
    meant: `${condition} AND id <= $2::bigint AND ${isMeant(which)}`,
    isTried: `(${isByName(which)} OR reason <> 'forged' OR array_position($3::text[], user_id) IS NOT NULL)`,
    parameters: [parameter, untilId, trusted],
  };
}
