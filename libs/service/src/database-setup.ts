import { DataSource, type EntityManager, type MixedList } from 'typeorm';
import { addressOf } from './postgres.js';
import { sqlState } from './postgres-errors.js';
import { retryWhileLocked } from './retry-while-locked.js';
import { reasonOf } from './waiting.js';

/** Whoever changes a schema holds this lock: two setups at once run one after the other. */
const setupLock = 7_238_514;

/**
 * Milliseconds. Behind a migration that waits for a table queues whoever wants to write to it: rather the migration gives
 * up, lets them pass and tries again.
 */
const lockTimeoutMs = 500;

/** Milliseconds. A large table takes its time; a server that is frozen would take for ever. */
const tenMinutesMs = 600_000;

/** A role that a service logs in with. Name and password are those of the URL the service is given. */
export interface ServiceRole {
  url: string;
  /** What it may do: complete GRANT statements, with `ROLE` where its name belongs. */
  grants: string[];
}

/**
 * Brings a database to what its services need, as its owner: migrations, roles, grants. It can run again at any time.
 * @param finish runs last, in the same transaction as the grants, so that a setup is seen whole or not at all
 * @param statementLimitMs how long each statement may take, the wait for another setup among them; default 10 min
 * @throws whatever Postgres answers, or that it does not, and what to do; the address that was tried is in the message, a
 *   password never is
 */
export async function setUpDatabase<Result>(options: {
  adminUrl: string;
  entities: MixedList<Function>;
  migrations: MixedList<Function>;
  /** Statements that make what the grants are about, beside the tables. */
  beforeGrants: string[];
  roles: ServiceRole[];
  finish: (tx: EntityManager) => Promise<Result>;
  statementLimitMs?: number;
}): Promise<Result> {
  const { adminUrl, entities, migrations, beforeGrants, roles, statementLimitMs = tenMinutesMs } = options;
  const database = new DataSource({
    type: 'postgres',
    url: adminUrl,
    applicationName: 'paid-once setup',
    connectTimeoutMS: 5_000,
    poolSize: 2,
    installExtensions: false,
    entities,
    migrations,
    extra: {
      statement_timeout: statementLimitMs,
      query_timeout: Math.round(statementLimitMs * 1.1), // the server speaks first, if it can
      options: `-c lock_timeout=${lockTimeoutMs} -c search_path=public`,
    },
  });
  try {
    await database.initialize();
  } catch (error) {
    throw new Error(`the database at ${addressOf(adminUrl)} cannot be reached as its owner`, {
      cause: error,
    });
  }
  const lock = database.createQueryRunner();
  try {
    await lock.query('SET lock_timeout = 0'); // another setup is waited for, not only as long as for a table
    await lock.query('SELECT pg_advisory_lock($1)', [setupLock]);
    await retryWhileLocked(() => database.runMigrations({ transaction: 'each' }));
    return await retryWhileLocked(() =>
      database.transaction(async (tx) => {
        await shutOut(tx);
        for (const statement of beforeGrants) await tx.query(statement);
        for (const role of roles) await setUpRole(tx, role);
        return options.finish(tx);
      }),
    );
  } catch (error) {
    throw wasNotAnswered(error) ? notAnswered(adminUrl, statementLimitMs, error) : error;
  } finally {
    await lock.release();
    await database.destroy(); // ends the session that holds the lock
  }
}

const queryCanceled = '57014';

function wasNotAnswered(error: unknown): boolean {
  return sqlState(error) === queryCanceled || /Query read timeout/.test(reasonOf(error));
}

function notAnswered(adminUrl: string, limitMs: number, cause: unknown): Error {
  return new Error(
    `the database at ${addressOf(adminUrl)} did not answer a statement within ${limitMs / 1_000} s: it hangs, or another ` +
      'setup is at work. Each migration is done whole or not at all: see that the database answers and no other ' +
      'setup hangs (pg_stat_activity tells), then run paid-once setup again',
    { cause },
  );
}

/** Whoever else has a role on this server has no business here: not even to log in. */
async function shutOut(tx: EntityManager): Promise<void> {
  await tx.query('REVOKE CREATE ON SCHEMA public FROM PUBLIC');
  await tx.query(`REVOKE ALL ON DATABASE ${await databaseOf(tx)} FROM PUBLIC`);
}

async function databaseOf(tx: EntityManager): Promise<string> {
  const [row] = await tx.query<{ name: string }[]>('SELECT quote_ident(current_database()) AS name');
  if (!row) throw new Error('Bug: a database has a name');
  return row.name;
}

/** Whoever has a service's password takes no connection from the others. An administrator's other limit is kept. */
const connectionsOfRole = 64;

async function setUpRole(tx: EntityManager, { url, grants }: ServiceRole): Promise<void> {
  const { username, password } = new URL(url);
  const role = identifier(decodeURIComponent(username));
  const [found] = await tx.query<{ limit: number }[]>(
    'SELECT rolconnlimit AS limit FROM pg_roles WHERE rolname = $1',
    [decodeURIComponent(username)],
  );
  await tx.query(
    `${found ? 'ALTER' : 'CREATE'} ROLE ${role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE
       CONNECTION LIMIT ${found && found.limit >= 0 ? found.limit : connectionsOfRole}
       PASSWORD ${literal(decodeURIComponent(password))}`,
  );
  await tx.query(`GRANT CONNECT ON DATABASE ${await databaseOf(tx)} TO ${role}`);
  // Not left to the client alone: whoever logs in with this role gets answers that survive a crash, and time limits.
  for (const setting of [
    'synchronous_commit = on',
    'search_path = public',
    "statement_timeout = '10s'",
    "lock_timeout = '1s'",
    "idle_in_transaction_session_timeout = '5s'",
  ])
    await tx.query(`ALTER ROLE ${role} SET ${setting}`);
  await tx.query(`REVOKE ALL ON ALL TABLES IN SCHEMA public FROM ${role}`);
  for (const grant of grants) await tx.query(grant.replaceAll('ROLE', role));
}

const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
