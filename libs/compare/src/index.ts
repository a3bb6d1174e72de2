export { compare, type CompareOptions } from './compare.js';
export {
  breakKinds,
  type Balance,
  type Break,
  type BreakKind,
  type Comparison,
  type Totals,
} from './comparison.js';
export { Side, SideUnreachable, type Digest, type Station, type Stats } from './side.js';
export { digestSql } from './digest-sql.js';
