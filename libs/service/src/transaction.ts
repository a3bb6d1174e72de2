import type { PoolClient, QueryConfig } from 'pg';
import { QueryFailedError, type DataSource, type EntityManager, type QueryRunner } from 'typeorm';
import { throughGate } from './connect-gate.js';
import { isConnectionLoss } from './postgres-errors.js';

/** Postgres is away, or went away before COMMIT was sent: nothing was written. */
export class DatabaseUnavailable extends Error {
  constructor(cause: unknown) {
    super('the database cannot be reached', { cause });
  }
}

/** The commit was asked for and its answer never came: the transaction is committed or not, and only looking can tell. */
export class OutcomeUnknown extends Error {
  constructor(cause: unknown) {
    super('the answer to the commit was lost', { cause });
  }
}

/**
 * Runs `work` in one transaction (READ COMMITTED) and says truthfully how it ended.
 * @returns what `work` returned, only after Postgres has answered COMMIT with `COMMIT`
 * @throws OutcomeUnknown      the connection or its timer was lost from COMMIT on; the connection is destroyed
 * @throws DatabaseUnavailable no connection, or it was lost before COMMIT: nothing was written
 * @throws QueryFailedError    Postgres refused a statement or the COMMIT: nothing was written
 */
export async function inTransaction<Result>(
  database: DataSource,
  work: (tx: EntityManager) => Promise<Result>,
): Promise<Result> {
  return onOneConnection(database, async (runner, client) => {
    let result: Result;
    try {
      await runner.startTransaction();
      result = await work(runner.manager);
    } catch (error) {
      await rollBack(client, error);
      throw isConnectionLoss(error) ? new DatabaseUnavailable(error) : error;
    }
    await commit(client);
    return result;
  });
}

/** A statement that is planned once for each connection; `prepared` says which may be. */
export interface Statement {
  sql: string;
  parameters: unknown[];
}

/**
 * Runs one statement that is a transaction by itself: nothing to begin and nothing to commit, in one round trip.
 * @returns its rows, only after Postgres has committed: until then it does not say that it is ready for another one
 * @throws OutcomeUnknown      the connection or its timer was lost; the connection is destroyed
 * @throws DatabaseUnavailable no connection: nothing was written
 * @throws QueryFailedError    Postgres refused it: nothing was written
 */
export async function inOneStatement<Row>(
  database: DataSource,
  { sql, parameters }: Statement,
): Promise<Row[]> {
  return onOneConnection(database, async (_runner, client) => {
    try {
      const { rows } = await client.query(preparedQuery({ sql, parameters }));
      return rows as Row[];
    } catch (error) {
      if (!isConnectionLoss(error)) throw new QueryFailedError(sql, parameters, error as Error);
      destroy(client);
      throw wasSent(error) ? new OutcomeUnknown(error) : new DatabaseUnavailable(error);
    }
  });
}

/** The pool may hand out a client that has just learned that its connection is gone. */
const wasSent = (error: unknown): boolean => !/not queryable/.test(String(error));

/**
 * Runs a statement that is planned once for each connection, where planning costs more than the rest. Not for one that
 * looks rows up in a table: its plan would stay the one that was made while the table was small.
 * @throws QueryFailedError
 */
export async function prepared<Rows>(tx: EntityManager, sql: string, parameters: unknown[]): Promise<Rows> {
  const client = (await tx.queryRunner?.connect()) as PoolClient | undefined;
  if (client === undefined) throw new Error('Bug: a prepared statement needs the transaction it belongs to');
  try {
    const { rows } = await client.query(preparedQuery({ sql, parameters }));
    return rows as Rows;
  } catch (error) {
    throw new QueryFailedError(sql, parameters, error as Error);
  }
}

function preparedQuery({ sql, parameters }: Statement): QueryConfig {
  return { name: statementName(sql), text: sql, values: parameters };
}

const statementNames = new Map<string, string>();

/** The same name for the same statement, in this process. */
export function statementName(sql: string): string {
  const name = statementNames.get(sql) ?? `statement_${statementNames.size}`;
  statementNames.set(sql, name);
  return name;
}

/**
 * Runs a read that needs no transaction.
 * @throws DatabaseUnavailable not connected, or the connection was lost
 */
export async function reading<Result>(
  database: DataSource,
  read: (db: EntityManager) => Promise<Result>,
): Promise<Result> {
  return onOneConnection(database, async (runner, client) => {
    try {
      return await read(runner.manager);
    } catch (error) {
      if (!isConnectionLoss(error)) throw error;
      destroy(client); // after a time-out its query still runs: the next caller would wait for that answer
      throw new DatabaseUnavailable(error);
    }
  });
}

async function onOneConnection<Result>(
  database: DataSource,
  work: (runner: QueryRunner, client: PoolClient) => Promise<Result>,
): Promise<Result> {
  if (!database.isInitialized) throw new DatabaseUnavailable('not connected yet');
  const runner = database.createQueryRunner();
  let client: PoolClient;
  try {
    client = (await throughGate(database, () => runner.connect())) as PoolClient;
  } catch (error) {
    throw new DatabaseUnavailable(error);
  }
  try {
    return await work(runner, client);
  } finally {
    await runner.release();
  }
}

// Not TypeORM's commitTransaction(): it hides the command tag, and committing an aborted transaction
// answers `ROLLBACK` without an error. A swallowed statement error would become a payment that never was.
async function commit(client: PoolClient): Promise<void> {
  try {
    const { command } = await client.query('COMMIT');
    if (command !== 'COMMIT') throw new Error(`Bug: COMMIT was answered with ${command}`);
  } catch (error) {
    if (!isConnectionLoss(error)) throw error;
    destroy(client);
    throw new OutcomeUnknown(error);
  }
}

async function rollBack(client: PoolClient, error: unknown): Promise<void> {
  if (isConnectionLoss(error)) return destroy(client);
  await client.query('ROLLBACK').catch(() => destroy(client));
}

// The pool drops a client that is ending instead of handing it to the next caller with a query still running on it.
function destroy(client: PoolClient): void {
  const ending = client as unknown as { end(): Promise<void> };
  ending.end().catch(() => {});
}
