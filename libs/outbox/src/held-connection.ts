import { isConnectionLoss, sqlState, statementName } from '@paid-once/service';
import type { PoolClient } from 'pg';
import type { DataSource, QueryRunner } from 'typeorm';

const patienceMs = 60_000;
const queryCanceled = '57014';

/** Anything that runs SQL and answers with its rows: a data source, an entity manager, a held connection. */
export interface Reader {
  query<Rows>(sql: string, parameters?: unknown[]): Promise<Rows>;
}

/**
 * A connection of one's own for as long as it lasts. Once it is lost nothing runs on it any more: what was learnt
 * through it must be learnt again, because the server that answers next may be another one.
 */
export class HeldConnection implements Reader {
  private constructor(
    private readonly runner: QueryRunner,
    private readonly client: PoolClient,
  ) {}

  /** @throws the database is not there, or never was */
  static async open(database: DataSource): Promise<HeldConnection> {
    if (!database.isInitialized) throw new Error('the database was not reached yet');
    const runner = database.createQueryRunner();
    return new HeldConnection(runner, (await runner.connect()) as PoolClient);
  }

  /**
   * Planned once for each connection: planning costs several times what a poll does.
   * @param timeoutMs the client's own timer, if not the pool's
   */
  async query<Rows>(sql: string, parameters: unknown[] = [], timeoutMs?: number): Promise<Rows> {
    if (this.runner.isReleased) throw new Error('Connection terminated');
    const timer = timeoutMs === undefined ? {} : { query_timeout: timeoutMs };
    const { rows } = await this.client.query({
      name: statementName(sql),
      text: sql,
      values: parameters,
      ...timer,
    });
    return rows as Rows;
  }

  /**
   * As `query`, for what may have to look at each row of a backlog of millions: it must not fail for that, because it
   * would fail for ever. What the server gives up at the session's usual limit is asked again with a minute; that limit is
   * what ends the statements of relays that have gone away.
   */
  async queryPatiently<Rows>(sql: string, parameters: unknown[]): Promise<Rows> {
    const ask = () => this.query<Rows>(sql, parameters, patienceMs + 1_000); // the server speaks first
    try {
      return await ask();
    } catch (error) {
      if (sqlState(error) !== queryCanceled) throw error;
    }
    await this.query(`SET statement_timeout = ${patienceMs}`);
    const rows = await ask();
    await this.query('RESET statement_timeout');
    return rows;
  }

  async giveBack(): Promise<void> {
    await this.runner.release();
  }

  /** Ends it, and what runs on it. The pool drops an ending client; a merely released one would go on, still busy. */
  async destroy(): Promise<void> {
    if (this.runner.isReleased) return;
    const ending = this.client as unknown as { end(): Promise<void> };
    ending.end().catch(() => {});
    await this.runner.release();
  }
}

/** One statement on a pooled connection, which is destroyed if it was lost meanwhile. */
export async function runStatement(
  database: DataSource,
  sql: string,
  parameters: unknown[] = [],
): Promise<void> {
  const connection = await HeldConnection.open(database);
  try {
    await connection.query(sql, parameters);
    await connection.giveBack();
  } catch (error) {
    await (isConnectionLoss(error) ? connection.destroy() : connection.giveBack());
    throw error;
  }
}
