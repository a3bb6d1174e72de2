import type { EntityManager } from 'typeorm';

/**
 * What the running system promises, from nothing to everything.
 * 1: no key is needed; a payment is inserted, then published without confirm. 2: no key is needed; outbox.
 * 3: as 2; a key is noted, not used. 4: as outside lab mode.
 */
export type Chapter = 1 | 2 | 3 | 4;

export const production: Chapter = 4;

export function isChapter(chapter: number): chapter is Chapter {
  return chapter === 1 || chapter === 2 || chapter === 3 || chapter === production;
}

/** As `GET` and `PUT /lab/chapter` answer; `since` is ISO 8601, by the clock of the payments database. */
export interface ChapterSince {
  chapter: Chapter;
  since: string;
}

/** The chapter as the database has it now. */
export async function readChapter(db: EntityManager): Promise<ChapterSince> {
  const [row] = await db.query<{ chapter: number; since: Date }[]>('SELECT chapter, since FROM lab_chapter');
  if (!row || !isChapter(row.chapter)) throw new Error('Bug: setup in lab mode leaves one chapter of four');
  return { chapter: row.chapter, since: row.since.toISOString() };
}
