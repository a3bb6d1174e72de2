import type { EntityManager } from 'typeorm';

/**
 * 1 naive: acknowledged when sent, posted or not. 2 never pay too little: acknowledged after the commit, every delivery
 * is posted. 3: for the ledger as 2. 4 paying exactly once: the production code.
 */
export const chapters = [1, 2, 3, 4] as const;
export type Chapter = (typeof chapters)[number];

export interface ChapterInForce {
  chapter: Chapter;
  since: Date;
}

/** Inside the transaction that depends on it: whoever changes it meanwhile, a batch is posted by one chapter's rules. */
export async function readChapter(tx: EntityManager): Promise<ChapterInForce> {
  return onlyRow(await tx.query<ChapterInForce[]>('SELECT chapter, since FROM lab_chapter'));
}

export async function writeChapter(tx: EntityManager, chapter: Chapter): Promise<ChapterInForce> {
  const rows = await tx.query<ChapterInForce[]>(
    `WITH written AS (
       UPDATE lab_chapter
          SET chapter = $1,
              since = CASE chapter WHEN $1 THEN since ELSE clock_timestamp() END
       RETURNING chapter, since
     )
     SELECT chapter, since FROM written`,
    [chapter],
  );
  return onlyRow(rows);
}

function onlyRow([row]: ChapterInForce[]): ChapterInForce {
  if (row === undefined) throw new Error('Bug: lab_chapter is empty; setup has not run in lab mode');
  return row;
}
