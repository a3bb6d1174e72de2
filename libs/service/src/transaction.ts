import type { PoolClient } from 'pg';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { throughGate } from './connect-gate.js';
import { isConnectionLoss } from './postgres-errors.js';

/** Postgres is away, or went away before COMMIT was sent: nothing was written. */
export class DatabaseUnavailable extends Error {
  constructor(cause: unknown) {
    super('the database cannot be reached', { cause });
  }
}

/** COMMIT was sent and its answer never came: the transaction is committed or not, and only looking can tell. */
export class OutcomeUnknown extends Error {
  constructor(cause: unknown) {
    super('the answer to COMMIT was lost', { cause });
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
