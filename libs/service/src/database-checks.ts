import type { DataSource } from 'typeorm';
import { reading } from './transaction.js';

/** `on`: flushed here, and by the synchronous replicas if there are any. `remote_apply` waits for these even longer. */
const durable = new Set(['on', 'remote_apply']);

/**
 * With `synchronous_commit` off, what was answered 201 is lost when the server crashes; with `local` or `remote_write`,
 * when a synchronous replica is promoted that had not flushed it.
 * @throws what is set otherwise, and what to do
 */
export async function requireDurableCommits(database: DataSource): Promise<void> {
  const [row] = await reading(database, (db) =>
    db.query<{ commit: string; read_only: string; encoding: string }[]>(
      `SELECT current_setting('synchronous_commit') AS commit, current_setting('transaction_read_only') AS read_only,
              current_setting('server_encoding') AS encoding`,
    ),
  );
  if (row && !durable.has(row.commit))
    throw new Error(
      `synchronous_commit is ${row.commit}: a crash would lose answered payments; set it to on`,
    );
  if (row?.read_only === 'on')
    throw new Error('the database is read-only: is this a standby, or is its disk full?');
  if (row?.encoding !== 'UTF8')
    throw new Error(`the database stores text as ${row?.encoding}; it must be UTF8`);
}

/**
 * Whoever owns a table, or is a superuser, may do with it whatever he likes: the rights that setup keeps from a service's
 * role would protect nothing.
 * @throws that this role is such a one
 */
export async function requireOrdinaryRole(database: DataSource): Promise<void> {
  const [row] = await reading(database, (db) =>
    db.query<{ superuser: boolean; owner: boolean }[]>(
      `SELECT rolsuper AS superuser,
              EXISTS (SELECT FROM pg_class WHERE relowner = pg_roles.oid AND relkind = 'r') AS owner
         FROM pg_roles
        WHERE rolname = current_user`,
    ),
  );
  if (row?.superuser || row?.owner)
    throw new Error(
      `this role ${row.superuser ? 'is a superuser' : 'owns tables'}, so that no right is kept from it: log in as the ` +
        'role that `paid-once setup` makes for this service',
    );
}

/** @throws which tables are missing: `paid-once setup` has not run here */
export async function requireTables(database: DataSource, tables: string[]): Promise<void> {
  const rows = await reading(database, (db) =>
    db.query<{ name: string }[]>(
      `SELECT name FROM unnest($1::text[]) AS name WHERE to_regclass(name) IS NULL`,
      [tables],
    ),
  );
  if (rows.length > 0)
    throw new Error(`no table ${rows.map(({ name }) => name).join(', ')} yet: run \`paid-once setup\``);
}
