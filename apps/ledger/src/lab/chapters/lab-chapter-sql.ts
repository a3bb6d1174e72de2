/** Which chapter's delivery semantics are in force: a table, so that every process, restarted ones too, knows it. */
export const createLabChapterSql = [
  `CREATE TABLE IF NOT EXISTS lab_chapter (
     only_row boolean DEFAULT true CONSTRAINT lab_chapter_pkey PRIMARY KEY,
     chapter  smallint NOT NULL DEFAULT 4 CONSTRAINT chapter_is_known CHECK (chapter BETWEEN 1 AND 4),
     since    timestamptz NOT NULL DEFAULT clock_timestamp(),
     CONSTRAINT chapter_is_one_row CHECK (only_row)
   )`,
  'INSERT INTO lab_chapter DEFAULT VALUES ON CONFLICT DO NOTHING',
];

export const dropLabChapterSql = 'DROP TABLE IF EXISTS lab_chapter';
