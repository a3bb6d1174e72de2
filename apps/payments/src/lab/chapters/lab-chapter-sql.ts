/**
 * The chapter is kept in the database, so that processes that start later, or again, know it. Made by setup in lab mode,
 * removed by setup outside it; a setup that runs again leaves the chapter as it is, and so does a reset.
 */
export const createLabChapterSql = `
CREATE TABLE IF NOT EXISTS lab_chapter (
  only_row boolean     NOT NULL DEFAULT true,
  chapter  smallint    NOT NULL DEFAULT 4,
  since    timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT chapter_is_one_row PRIMARY KEY (only_row),
  CONSTRAINT chapter_has_no_other_row CHECK (only_row),
  CONSTRAINT chapter_is_one_of_four CHECK (chapter BETWEEN 1 AND 4)
);
INSERT INTO lab_chapter DEFAULT VALUES ON CONFLICT DO NOTHING`;

export const labChapterRight = 'GRANT SELECT, UPDATE (chapter, since) ON lab_chapter TO ROLE';

export const dropLabChapterSql = 'DROP TABLE IF EXISTS lab_chapter';
