import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { startService } from '@paid-once/infrastructure';
import type { Pool } from 'pg';
import { errorCode, rounded, until } from '../measuring.js';
import type { Run } from '../run-alternative.js';
import { Coordinator } from './coordinator.js';
import type { TwoDatabases } from './rig.js';
import { insertTransferSql, valuesOf } from './tables.js';

/** How long the second payment on an account waits for its lock. */
const lockTimeoutMs = 1_000;
/** How many rows become dead while the prepared transactions are there. */
const deadRows = 1_000;

export interface DeadCoordinator {
  /** Prepared transactions in both databases. */
  prepared: number;
  /** The locks that they hold. */
  locksHeld: number;
  /** How long a second payment on the same account waited until its lock_timeout ended it; 0: it went through. */
  blockedPaymentMs: number;
  /** Of the ledger's oldest prepared transaction, in transactions begun since. */
  oldestAge: number;
  /** Dead rows of another table that VACUUM had to leave because of it. */
  deadRowsKept: number;
  survivesRestart: boolean;
  /** Ended by the next coordinator. */
  recovered: number;
}

/** Kills a coordinator with -9 between the phases, and looks at what both databases keep for it. */
export async function killCoordinator(run: Run, databases: TwoDatabases): Promise<DeadCoordinator> {
  const { payments, ledger } = databases;
  await ledger.pool.query('CREATE TABLE unrelated AS SELECT generate_series(1, $1::int) AS n', [deadRows]);
  await dieBetweenPhases(run, databases);
  const prepared = await preparedIn(databases);
  const locks = await Promise.all([payments.pool, ledger.pool].map(locksOfPrepared));
  const locksHeld = locks.reduce((sum, count) => sum + count, 0);
  const blockedPaymentMs = await payOnSameAccount(ledger.pool);
  const { oldestAge, deadRowsKept } = await vacuumHeldBack(ledger.pool);
  await Promise.all([payments.server.restart(), ledger.server.restart()]);
  const survivesRestart = (await preparedIn(databases)) === prepared;
  const recovered = await new Coordinator({ payments: payments.pool, ledger: ledger.pool }).recover();
  run.say(
    `coordinator killed: ${prepared} prepared transactions with ${locksHeld} locks; the next payment waited ` +
      `${blockedPaymentMs} ms in vain; ${survivesRestart ? 'still there' : 'gone'} after a restart`,
  );
  return { prepared, locksHeld, blockedPaymentMs, oldestAge, deadRowsKept, survivesRestart, recovered };
}

export interface DatabaseCutOff {
  /** What a reader finds while the ledger is away and right after it is back, and after recovery. */
  meanwhile: { payments: number; ledger: number };
  afterRecovery: { payments: number; ledger: number };
}

/** Kills the ledger's database between the decision and phase two: the payment is half there until it is back. */
export async function cutOffInPhaseTwo(
  run: Run,
  { payments, ledger }: TwoDatabases,
): Promise<DatabaseCutOff> {
  const paymentId = randomUUID();
  const coordinator = new Coordinator({
    payments: payments.pool,
    ledger: ledger.pool,
    reached: async (point) => {
      if (point === 'decided') await ledger.server.kill('SIGKILL');
    },
  });
  const outcome = await coordinator.pay({ paymentId, src: 'bianca', dest: 'marc', amountMinor: '100' });
  if (outcome !== 'in-doubt') throw new Error(`phase two without the ledger ended as ${outcome}`);
  await ledger.server.restart();
  const found = async () => ({
    payments: await count(payments.pool, 'SELECT count(*) FROM payment WHERE payment_id = $1', paymentId),
    ledger: await count(ledger.pool, 'SELECT count(*) FROM transfer WHERE payment_id = $1', paymentId),
  });
  const meanwhile = await found();
  await coordinator.recover();
  const afterRecovery = await found();
  run.say(
    `ledger's database killed in phase two: paid ${meanwhile.payments}, posted ${meanwhile.ledger}; ` +
      `after recovery ${afterRecovery.payments} and ${afterRecovery.ledger}`,
  );
  return { meanwhile, afterRecovery };
}

async function dieBetweenPhases(run: Run, { payments, ledger }: TwoDatabases): Promise<void> {
  let stands = false;
  const coordinator = startService({
    name: 'coordinator',
    entry: join(import.meta.dirname, 'coordinator-process.js'),
    env: { PAID_ONCE_PAYMENTS_ADMIN_DB_URL: payments.url, PAID_ONCE_LEDGER_ADMIN_DB_URL: ledger.url },
    onLine: (line) => (stands ||= line === 'stands prepared'),
  });
  run.afterwards(() => coordinator.stop({ signal: 'SIGKILL' }));
  await until('the coordinator has prepared both', () => stands);
  await coordinator.stop({ signal: 'SIGKILL' });
}

async function preparedIn({ payments, ledger }: TwoDatabases): Promise<number> {
  const sql = 'SELECT count(*) FROM pg_prepared_xacts WHERE database = current_database()';
  return (await count(payments.pool, sql)) + (await count(ledger.pool, sql));
}

/** A prepared transaction belongs to no process any more. */
function locksOfPrepared(pool: Pool): Promise<number> {
  return count(pool, 'SELECT count(*) FROM pg_locks WHERE pid IS NULL AND granted');
}

async function payOnSameAccount(ledger: Pool): Promise<number> {
  const values = valuesOf({ paymentId: randomUUID(), src: 'bianca', dest: 'marc', amountMinor: '100' });
  const client = await ledger.connect();
  const since = performance.now();
  try {
    await client.query(`SET lock_timeout = ${lockTimeoutMs}`);
    await client.query(insertTransferSql, values);
    return 0;
  } catch (error) {
    const lockNotAvailable = '55P03';
    if (errorCode(error) !== lockNotAvailable) throw error;
    return rounded(performance.now() - since);
  } finally {
    client.release(true);
  }
}

/** Makes every row of another table dead and asks VACUUM to remove them. */
async function vacuumHeldBack(ledger: Pool): Promise<{ oldestAge: number; deadRowsKept: number }> {
  await ledger.query('UPDATE unrelated SET n = n + 1');
  const client = await ledger.connect();
  let said = '';
  client.on('notice', (notice) => (said += notice.message ?? ''));
  await client.query('VACUUM (VERBOSE) unrelated');
  client.release(true);
  // "tuples: 0 removed, 2000 remain, 1000 are dead but not yet removable"
  const deadRowsKept = Number(/(\d+) are dead but not yet removable/.exec(said)?.[1] ?? Number.NaN);
  const oldestAge = await count(ledger, 'SELECT max(age(transaction)) AS count FROM pg_prepared_xacts');
  return { oldestAge, deadRowsKept };
}

async function count(pool: Pool, sql: string, ...values: string[]): Promise<number> {
  const { rows } = await pool.query<{ count: string | number }>(sql, values);
  return Number(rows[0]?.count ?? 0);
}
