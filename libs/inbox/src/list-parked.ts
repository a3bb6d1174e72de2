import type { EntityManager } from 'typeorm';
import { In, IsNull, LessThan, type FindOptionsWhere } from 'typeorm';
import { ParkedMessage } from './parked-message.entity.js';

export interface ParkedPage {
  reason?: string;
  keys?: string[];
  /** Only those with smaller ids: what the page before ended with. */
  after?: string;
  /** With those that were dropped. */
  dropped: boolean;
  limit: number;
}

/** Without what a page of them may be too much for memory of. */
export type ListedMessage = Omit<ParkedMessage, 'fingerprint' | 'headers' | 'body'>;

/** The latest first, without their headers and bodies; `count` is that of all pages. */
export async function listParked(
  db: EntityManager,
  { reason, keys, after, dropped, limit }: ParkedPage,
): Promise<{ count: number; messages: ListedMessage[]; next: string | null }> {
  const meant: FindOptionsWhere<ParkedMessage> = {
    ...(reason !== undefined && { reason }),
    ...(keys && { key: In(keys) }),
    ...(!dropped && { droppedAt: IsNull() }),
  };
  const parked = db.getRepository(ParkedMessage);
  const count = await parked.countBy(meant);
  const messages = await parked.find({
    where: { ...meant, ...(after !== undefined && { id: LessThan(after) }) },
    order: { id: 'DESC' },
    take: limit + 1,
  });
  const page = messages.slice(0, limit);
  return { count, messages: page, next: messages.length > limit ? (page.at(-1)?.id ?? null) : null };
}

/** How many are parked, by reason, without the dropped ones. */
export async function parkedCounts(db: EntityManager): Promise<Record<string, number>> {
  const rows: { reason: string; count: number }[] = await db.query(
    `SELECT reason, count(*)::int AS count FROM parked_message WHERE dropped_at IS NULL GROUP BY reason`,
  );
  return Object.fromEntries(rows.map(({ reason, count }) => [reason, count]));
}

/** How a service reads an amount out of a message: two SQL expressions over `parked_message`, null where there is none. */
export interface Measure {
  unit: string;
  /** A whole number. */
  amount: string;
}

export interface ParkedGroup {
  reason: string;
  type: string | null;
  unit: string | null;
  amount: string | null;
  count: number;
  firstSeen: Date;
  lastSeen: Date;
  oldestSeconds: number;
}

/** Parked messages by reason, type and unit, with their number and their sum; without the dropped ones, or only those. */
export async function parkedGroups(
  db: EntityManager,
  { unit, amount }: Measure,
  { dropped }: { dropped: boolean },
): Promise<ParkedGroup[]> {
  return await db.query(
    `SELECT reason, type, unit, sum(amount)::text AS amount, count(*)::int AS count,
            min(first_seen_at) AS "firstSeen", max(last_seen_at) AS "lastSeen",
            extract(epoch FROM clock_timestamp() - min(first_seen_at))::float8 AS "oldestSeconds"
       FROM (SELECT parked_message.*, ${unit} AS unit, ${amount} AS amount FROM parked_message) AS parked
      WHERE dropped_at IS ${dropped ? 'NOT ' : ''}NULL
      GROUP BY reason, type, unit
      ORDER BY reason, type, unit`,
  );
}
