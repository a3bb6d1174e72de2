import { randomUUID } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';
import { insertPaymentSql, insertTransferSql, valuesOf, type Payment } from './tables.js';

/** The places where a coordinator can die. */
export type Point = 'prepared' | 'decided';

export interface CoordinatorOptions {
  payments: Pool;
  ledger: Pool;
  /** Called at each point; the measurement breaks something there. */
  reached?: (point: Point) => Promise<void>;
}

/**
 * Two-phase commit over two Postgres databases, as in the textbook (Gray 1978; X/Open XA; "presumed abort"):
 *
 *     phase 1   BEGIN, work, PREPARE TRANSACTION in both: each promises that it can commit, and keeps its locks
 *     decision  one row, committed in the payments' database: from here on the payment will be committed
 *     phase 2   COMMIT PREPARED in both
 *
 * Nothing is lost and nothing is paid twice. What it costs: both databases must be up for every single payment, five
 * fsyncs one behind the other in three places instead of one, and locks that are held over all of that. And whoever
 * prepared has given its word: while the coordinator is away, nobody may commit or roll back for it.
 * @see https://www.postgresql.org/docs/current/sql-prepare-transaction.html
 */
export class Coordinator {
  private readonly reached: (point: Point) => Promise<void>;

  constructor(private readonly options: CoordinatorOptions) {
    this.reached = options.reached ?? (async () => {});
  }

  /**
   * Pays in both databases, or in none.
   * @returns `committed`, or `in-doubt`: it is decided, but a database could not be told yet; `recover` will
   * @throws what a database refused: nothing was paid then
   */
  async pay(payment: Payment): Promise<'committed' | 'in-doubt'> {
    const gid = `${gidPrefix}${randomUUID()}`;
    await this.prepareBoth(gid, payment);
    await this.reached('prepared');
    await this.options.payments.query('INSERT INTO decision (gid) VALUES ($1)', [gid]);
    await this.reached('decided');
    const told = await Promise.allSettled(this.databases.map((database) => finish(database, 'COMMIT', gid)));
    return told.every(({ status }) => status === 'fulfilled') ? 'committed' : 'in-doubt';
  }

  /**
   * What a new coordinator does first: commits what was decided, rolls back what was not (nobody was told that it is
   * paid). Only one coordinator may run: another one's payments that are between the phases would be rolled back.
   * @returns how many prepared transactions it ended
   */
  async recover(): Promise<number> {
    let ended = 0;
    for (const database of this.databases) {
      for (const gid of await preparedIn(database)) {
        const decided = await this.options.payments.query('SELECT FROM decision WHERE gid = $1', [gid]);
        await finish(database, decided.rowCount === 1 ? 'COMMIT' : 'ROLLBACK', gid);
        ended++;
      }
    }
    await this.options.payments.query('DELETE FROM decision'); // both databases have been told of all of them
    return ended;
  }

  private async prepareBoth(gid: string, payment: Payment): Promise<void> {
    const { payments, ledger } = this.options;
    const prepared = await Promise.allSettled([
      prepare(payments, gid, (tx) => tx.query(insertPaymentSql, valuesOf(payment))),
      prepare(ledger, gid, (tx) => tx.query(insertTransferSql, valuesOf(payment))),
    ]);
    const refused = prepared.find(({ status }) => status === 'rejected');
    if (refused?.status !== 'rejected') return;
    // What cannot be reached now is left to `recover`.
    for (const database of this.databases) await takeBack(database, gid).catch(() => {});
    throw refused.reason;
  }

  private get databases(): Pool[] {
    return [this.options.payments, this.options.ledger];
  }
}

/** In each database's own list of prepared transactions, ours are known by this. */
const gidPrefix = 'payment-';

/** The ids of our transactions that this database has prepared and not ended. */
async function preparedIn(database: Pool): Promise<string[]> {
  const { rows } = await database.query<{ gid: string }>(
    'SELECT gid FROM pg_prepared_xacts WHERE database = current_database() AND starts_with(gid, $1)',
    [gidPrefix],
  );
  return rows.map(({ gid }) => gid);
}

async function prepare(
  database: Pool,
  gid: string,
  work: (tx: PoolClient) => Promise<unknown>,
): Promise<void> {
  const tx = await database.connect();
  let broken = true;
  try {
    await tx.query('BEGIN');
    await work(tx);
    const { command } = await tx.query(`PREPARE TRANSACTION '${gid}'`); // takes no parameters
    // A transaction that had failed is rolled back, without an error: the tag alone tells.
    if (command !== 'PREPARE') throw new Error(`Bug: PREPARE TRANSACTION was answered with ${command}`);
    broken = false;
  } finally {
    tx.release(broken);
  }
}

/** Asks, does not assume: behind an answer that was lost there may be a transaction that was prepared. */
async function takeBack(database: Pool, gid: string): Promise<void> {
  if ((await preparedIn(database)).includes(gid)) await finish(database, 'ROLLBACK', gid);
}

async function finish(database: Pool, how: 'COMMIT' | 'ROLLBACK', gid: string): Promise<void> {
  await database.query(`${how} PREPARED '${gid}'`);
}
