import type { RunQuery } from './digests.js';
import { PageSize } from './page-size.js';

/** Blocks of 8 kB in one statement: first, at least, at most (128 MB). */
const [first, least, most] = [1_024, 64, 16_384];
const lastBlock = 4_294_967_294;

/** The part of a table that one statement reads: its parameters $1 and $2. */
export const inThisPartSql = 'ctid >= $1::tid AND ctid < $2::tid';

/**
 * Reads a whole table that only grows, part by part, in the order in which it lies on disk: the cheapest way to see each row
 * once, and no statement takes long whatever the table's size. No snapshot is held between two parts: what is added
 * meanwhile may be seen or not.
 * @param sql has `inThisPartSql` among its conditions
 */
export async function* tableParts<Row>(
  query: RunQuery,
  table: string,
  sql: string,
): AsyncGenerator<Row[], void> {
  const [size] = await query<{ blocks: number }>(blocksSql, [table]);
  const blocks = size?.blocks ?? 0;
  const part = new PageSize(first, least, most);
  for (let block = 0; block <= blocks;) {
    const { rows, next } = await part.timed(async (count) => {
      const end = block + count;
      const range = [`(${block},0)`, `(${end > blocks ? lastBlock : end},0)`];
      return { rows: await query<Row>(sql, range), next: end };
    });
    yield rows;
    block = next;
  }
}

const blocksSql = `
SELECT (pg_relation_size($1::regclass) / current_setting('block_size')::integer)::float8 AS blocks`;
