import { Pool, type PoolClient } from 'pg';

/** A pool that outlives its server, frozen or gone: a connection that is lost while idle is no error of anybody's. */
export function poolFor(url: string, max = 10): Pool {
  const pool = new Pool({
    connectionString: url,
    max,
    connectionTimeoutMillis: 10_000,
    query_timeout: 60_000,
  });
  pool.on('error', () => {});
  return pool;
}

/**
 * Runs `work` in one transaction.
 * @throws Error Postgres answered COMMIT with something else: the transaction had failed before
 */
export async function inTransaction<Result>(
  pool: Pool,
  work: (tx: PoolClient) => Promise<Result>,
): Promise<Result> {
  const tx = await pool.connect();
  let broken = true;
  try {
    await tx.query('BEGIN');
    const result = await work(tx);
    const { command } = await tx.query('COMMIT');
    if (command !== 'COMMIT') throw new Error(`Bug: COMMIT was answered with ${command}`);
    broken = false;
    return result;
  } finally {
    tx.release(broken); // a failed transaction's connection is not used again
  }
}

/** From now on statements are counted from zero. */
export async function countStatements(pool: Pool): Promise<void> {
  await pool.query('CREATE EXTENSION IF NOT EXISTS pg_stat_statements');
  await pool.query('SELECT pg_stat_statements_reset()');
}

/** How many statements this database was sent since then, BEGIN and COMMIT too: each is a round trip. */
export async function statementsCounted(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ calls: number }>(`
    SELECT coalesce(sum(calls), 0)::int AS calls
      FROM pg_stat_statements
      JOIN pg_database ON pg_database.oid = dbid
     WHERE datname = current_database()
       AND query NOT LIKE '%pg_stat_statements%'`);
  return rows[0]?.calls ?? 0;
}
