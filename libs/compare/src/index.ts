export { compare, type CompareOptions } from './compare.js';
export {
  breakKinds,
  type Balance,
  type Break,
  type BreakKind,
  type BreakRow,
  type Comparison,
  type Dropped,
  type Totals,
} from './comparison.js';
export * as sideExamples from './api-examples.js';
export { digestPageSql, pageEndSql } from './digest-sql.js';
export {
  bucketPages,
  digestOf,
  type Digest,
  type DigestRange,
  type DigestSource,
  type RunQuery,
} from './digests.js';
export { afterAll } from './id-range.js';
export type { Bound, Station } from './answers.js';
export { Markers } from './markers.js';
export { Side, SideUnreachable } from './side.js';
export { statsOf, type Stats } from './stats.js';
export { inThisPartSql } from './table-pages.js';
