import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Pool } from 'pg';
import { DataSource, type EntityManager } from 'typeorm';
import { postgresOptions } from './postgres.js';
import {
  DatabaseUnavailable,
  inOneStatement,
  inTransaction,
  OutcomeUnknown,
  reading,
} from './transaction.js';

jest.setTimeout(30_000);

let database: DataSource;

beforeAll(async () => {
  const url = process.env.TEST_PAYMENTS_ADMIN_URL ?? '';
  database = await new DataSource(
    postgresOptions({ url, process: 'test', poolSize: 1, entities: [] }),
  ).initialize();
  await database.query('CREATE TABLE IF NOT EXISTS transaction_test (id int)');
});
afterAll(async () => {
  await database.query('DROP TABLE transaction_test');
  await database.destroy();
});

const count = async (): Promise<number> =>
  Number((await database.query<{ count: string }[]>('SELECT count(*) FROM transaction_test'))[0]?.count);

describe('a transaction', () => {
  it('whose failed statement was swallowed is not taken for committed: Postgres answers COMMIT with ROLLBACK', async () => {
    const swallowing = inTransaction(database, async (tx) => {
      await tx.query('INSERT INTO transaction_test VALUES (1)');
      await tx.query('SELECT 1/0').catch(() => {});
      return 'paid';
    });
    await expect(swallowing).rejects.toThrow('COMMIT was answered with ROLLBACK');
    expect(await count()).toBe(0);
  });

  it('that Postgres refuses writes nothing, and its connection is good for the next', async () => {
    const refused = inTransaction(database, async (tx) => {
      await tx.query('INSERT INTO transaction_test VALUES (1)');
      await tx.query('SELECT 1/0');
    });
    await expect(refused).rejects.toMatchObject({ driverError: { code: '22012' } });
    await inTransaction(database, (tx) => tx.query('INSERT INTO transaction_test VALUES (2)'));
    expect(await count()).toBe(1);
  });

  it('whose statement cannot be written is refused, not taken for a lost connection, and its connection is good for the next', async () => {
    const endless = { toPostgres: () => 'x'.repeat(2 ** 30) };
    const refused = inTransaction(database, (tx) => tx.query('SELECT $1::text', [endless]));
    await expect(refused).rejects.toMatchObject({ driverError: expect.any(RangeError) });
    const pid = () => inTransaction(database, (tx) => tx.query('SELECT pg_backend_pid()'));
    expect(await pid()).toEqual(await pid());
  });

  it('B3: whose connection ends before COMMIT is known not to have happened', async () => {
    const before = await count();
    const ended = inTransaction(database, async (tx) => {
      await tx.query('INSERT INTO transaction_test VALUES (3)');
      await tx.query('SELECT pg_terminate_backend(pg_backend_pid())');
    });
    await expect(ended).rejects.toBeInstanceOf(DatabaseUnavailable);
    expect(await count()).toBe(before);
  });

  it('B2: whose connection ends at COMMIT has an unknown outcome', async () => {
    await atCommit(endSession);
    const ended = inTransaction(database, (tx) => tx.query('INSERT INTO transaction_test VALUES (4)'));
    await expect(ended).rejects.toBeInstanceOf(OutcomeUnknown);
    await database.query('DROP FUNCTION at_commit CASCADE');
  });
});

describe('a statement that is a transaction by itself', () => {
  const insert = (id: string | number) => ({
    sql: 'INSERT INTO transaction_test VALUES ($1::int) RETURNING id',
    parameters: [id],
  });

  it('answers with its rows, and has committed them', async () => {
    const before = await count();
    expect(await inOneStatement(database, insert(11))).toEqual([{ id: 11 }]);
    expect(await count()).toBe(before + 1);
  });

  it('that Postgres refuses writes nothing, and its connection is good for the next', async () => {
    await expect(inOneStatement(database, insert('x'))).rejects.toMatchObject({
      driverError: { code: '22P02' },
    });
    expect(await inOneStatement(database, insert(14))).toEqual([{ id: 14 }]);
  });

  it('that Postgres refuses only as it commits is refused: it is not over with its last row', async () => {
    const before = await count();
    await atCommit(`RAISE 'not today' USING ERRCODE = '23514'`);
    await expect(inOneStatement(database, insert(17))).rejects.toMatchObject({
      driverError: { code: '23514' },
    });
    await database.query('DROP FUNCTION at_commit CASCADE');
    expect(await count()).toBe(before);
  });

  it('whose statement cannot be written is refused, not taken for a lost connection', async () => {
    const endless = { toPostgres: () => 'x'.repeat(2 ** 30) };
    const refused = inOneStatement(database, { sql: 'SELECT $1::text', parameters: [endless] });
    await expect(refused).rejects.toMatchObject({ driverError: expect.any(RangeError) });
  });

  it('B3: that Postgres ends has an unknown outcome, and has written nothing if it was not at its end', async () => {
    const before = await count();
    const ends = {
      sql: `WITH written AS (INSERT INTO transaction_test VALUES (15) RETURNING id)
            SELECT pg_terminate_backend(pg_backend_pid()) FROM written`,
      parameters: [],
    };
    await expect(inOneStatement(database, ends)).rejects.toBeInstanceOf(OutcomeUnknown);
    expect(await count()).toBe(before);
  });

  it('B2: whose connection ends while it is committed has an unknown outcome', async () => {
    await atCommit(endSession);
    await expect(inOneStatement(database, insert(16))).rejects.toBeInstanceOf(OutcomeUnknown);
    await database.query('DROP FUNCTION at_commit CASCADE');
  });
});

/** What from now on happens at the COMMIT of a transaction that has written a row here. */
async function atCommit(statement: string): Promise<void> {
  await database.query(`
    CREATE FUNCTION at_commit() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN ${statement}; RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON transaction_test
      DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION at_commit()`);
}

const endSession = 'PERFORM pg_terminate_backend(pg_backend_pid())';

const connected = async (name: string): Promise<DataSource> =>
  new DataSource(
    postgresOptions({
      url: process.env.TEST_PAYMENTS_ADMIN_URL ?? '',
      process: name,
      poolSize: 1,
      entities: [],
    }),
  ).initialize();

/** Waits so many milliseconds only for the answers on its connection from now on. */
async function beImpatient(database: DataSource, queryTimeoutMs: number): Promise<void> {
  const client = await poolOf(database).connect();
  Object.assign(client, { connectionParameters: { query_timeout: queryTimeoutMs } });
  client.release();
}

const poolOf = (database: DataSource): Pool => (database.driver as unknown as { master: Pool }).master;

describe('a connection that nobody listens to yet', () => {
  it('B3: may be ended by the server, and the process lives', async () => {
    const other = await connected('handed out');
    const client = await poolOf(other).connect(); // as it is before TypeORM has heard of it
    const ended = new Promise((resolve) => client.once('end', resolve)); // and not once(), which listens to errors
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    await database.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid]);
    await ended;
    client.release();
    await expect(reading(other, (db) => db.query('SELECT 1 AS one'))).resolves.toEqual([{ one: 1 }]);
    await other.destroy();
  });
});

describe('a connection that is given up', () => {
  it('may still be told by the server that it ends, and the process lives', async () => {
    for (let round = 0; round < 50; round++) {
      const other = await connected(`given up ${round}`);
      const [row] = await other.query<{ pid: number }[]>('SELECT pg_backend_pid() AS pid');
      await beImpatient(other, 5);
      const lost = reading(other, (db) => db.query('SELECT pg_sleep(1)'));
      await Promise.all([
        expect(lost).rejects.toBeInstanceOf(DatabaseUnavailable),
        database.query('SELECT pg_sleep(0.004), pg_terminate_backend($1)', [row?.pid]),
      ]);
      await other.destroy();
    }
  });
});

describe('a transaction that does nothing for too long', () => {
  it('B16: is ended by Postgres: nothing of it was written, its lock is free, and its connection is not used again', async () => {
    const idle = await connected('idle');
    const before = await count();
    const pidOf = async (tx: EntityManager) =>
      (await tx.query<{ pid: number }[]>('SELECT pg_backend_pid() AS pid'))[0]?.pid;
    let pid: number | undefined;
    const ended = inTransaction(idle, async (tx) => {
      pid = await pidOf(tx);
      await tx.query(`SET LOCAL idle_in_transaction_session_timeout = '100ms'`);
      await tx.query('LOCK TABLE transaction_test');
      await tx.query('INSERT INTO transaction_test VALUES (5)');
      while (await isThere(pid));
      await tx.query('SELECT 1');
    });
    await expect(ended).rejects.toBeInstanceOf(DatabaseUnavailable);
    expect(await count()).toBe(before); // nobody holds the lock, or this would wait
    expect(await inTransaction(idle, pidOf)).not.toBe(pid);
    await idle.destroy();
  });

  const isThere = async (pid: number | undefined): Promise<boolean> =>
    (await database.query<unknown[]>('SELECT FROM pg_stat_activity WHERE pid = $1', [pid])).length > 0;
});

describe('a read', () => {
  it('B4: that times out does not leave its answer to the next one', async () => {
    const slow = await connected('slow');
    await beImpatient(slow, 100);
    await expect(reading(slow, (db) => db.query('SELECT pg_sleep(1), 1 AS answer'))).rejects.toBeInstanceOf(
      DatabaseUnavailable,
    );
    expect(await reading(slow, (db) => db.query('SELECT 2 AS answer'))).toEqual([{ answer: 2 }]);
    await slow.destroy();
  });
});
