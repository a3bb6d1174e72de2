import { createLabChapterSql, dropLabChapterSql } from './chapters/lab-chapter-sql.js';
import { createLabPostSql, dropLabPostSql } from './chapters/lab-post-sql.js';
import { createLabResetSql, dropLabResetSql } from './lab-reset-sql.js';

/** What setup makes in lab mode, once or again: the chapter in force stays. */
export const createLabSql = [
  dropLabResetSql,
  createLabResetSql,
  dropLabPostSql,
  createLabPostSql,
  ...createLabChapterSql,
];

/** What setup removes outside lab mode. */
export const dropLabSql = [dropLabResetSql, dropLabPostSql, dropLabChapterSql];

/** What the service may do in lab mode beside its own rights. */
export const labRights = [
  'GRANT EXECUTE ON FUNCTION lab_reset, lab_post TO ROLE',
  'GRANT SELECT, UPDATE (chapter, since) ON lab_chapter TO ROLE',
];
