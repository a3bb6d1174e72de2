import pg from 'pg';

/**
 * Makes what a program needs, unless one that was started beside it has: the tables of `CREATE TABLE IF NOT EXISTS`
 * cannot be made by two at the same time.
 * @param table what is there when all of it is
 */
export async function once(databaseUrl, table, create) {
  const client = new pg.Client(databaseUrl);
  await client.connect();
  try {
    await client.query(`SELECT pg_advisory_lock(hashtext('bench'))`);
    const { rows } = await client.query('SELECT to_regclass($1) IS NOT NULL AS there', [table]);
    if (!rows[0].there) await create(client);
  } finally {
    await client.end();
  }
}
