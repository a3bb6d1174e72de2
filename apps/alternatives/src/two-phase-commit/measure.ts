import { randomUUID } from 'node:crypto';
import { measureSpeed, median, rounded, type Speed } from '../measuring.js';
import { countStatements, inTransaction, statementsCounted } from '../postgres.js';
import type { Run } from '../run-alternative.js';
import { Coordinator } from './coordinator.js';
import { cutOffInPhaseTwo, killCoordinator } from './left-behind.js';
import { startTwoDatabases, type TwoDatabases } from './rig.js';
import { insertMessageSql, insertPaymentSql, valuesOf, type Payment } from './tables.js';

/** With and without take turns, because a machine's speed changes over seconds. */
const pairs = 5;

/** Measures what two-phase commit costs when nothing fails, and what it leaves behind when something does. */
export async function measureTwoPhaseCommit(run: Run): Promise<object> {
  const databases = await startTwoDatabases(run);
  const price = await measurePrice(run, databases);
  const deadCoordinator = await killCoordinator(run, databases);
  const databaseCutOff = await cutOffInPhaseTwo(run, databases);
  return {
    alternative: 'two-phase-commit',
    rows: run.rows,
    ...price,
    deadCoordinator,
    databaseCutOff,
    says:
      `nothing is lost and nothing is paid twice; it takes ${price.p50Ms} ms instead of ${price.withoutP50Ms} ms, ` +
      'every payment needs both databases up, and while the coordinator is away its locks stay, over restarts too',
  };
}

interface Price extends Speed {
  withoutP50Ms: number;
  withoutP95Ms: number;
  withoutPerSecond: number;
  /** Payments/s with two-phase commit, as a part of those without: the median of the pairs. */
  ratio: number;
  /** All payments on the same two accounts, as in payments.csv: they queue for the locks held over both phases. */
  sameAccountPerSecond: number;
  statementsPerPayment: number;
  withoutStatementsPerPayment: number;
}

async function measurePrice(run: Run, { payments, ledger }: TwoDatabases): Promise<Price> {
  const { rows } = run;
  const coordinator = new Coordinator({ payments: payments.pool, ledger: ledger.pool });
  const withIt = () => measureSpeed(rows, (_, worker) => coordinator.pay(paymentOf(worker)));
  const without = () => measureSpeed(rows, (_, worker) => payWithOutbox(payments.pool, paymentOf(worker)));
  await withIt(); // once for nothing: connections are made, accounts and pages are there
  await without();
  const rounds: { withIt: Speed; without: Speed }[] = [];
  for (let pair = 0; pair < pairs; pair++) {
    const reverse = pair % 2 === 1 ? await without() : undefined;
    rounds.push({ withIt: await withIt(), without: reverse ?? (await without()) });
  }
  const one = medianOf(rounds.map((round) => round.withIt));
  const other = medianOf(rounds.map((round) => round.without));
  const ratio = median(rounds.map((round) => round.withIt.perSecond / round.without.perSecond));
  const sameAccount = await measureSpeed(rows, () => coordinator.pay(paymentOf(0)));
  run.say(
    `without a fault: ${one.perSecond} payments/s in two phases, ${other.perSecond} with one local transaction; ` +
      `${sameAccount.perSecond} in two phases on the same account`,
  );
  return {
    ...one,
    withoutP50Ms: other.p50Ms,
    withoutP95Ms: other.p95Ms,
    withoutPerSecond: other.perSecond,
    ratio: rounded(ratio),
    sameAccountPerSecond: sameAccount.perSecond,
    statementsPerPayment: await statementsOf(() => coordinator.pay(paymentOf(0)), { payments, ledger }),
    withoutStatementsPerPayment: await statementsOf(() => payWithOutbox(payments.pool, paymentOf(0)), {
      payments,
      ledger,
    }),
  };
}

/** What goes instead: the payment and the message about it, in one local transaction. The ledger posts it later. */
async function payWithOutbox(pool: TwoDatabases['payments']['pool'], payment: Payment): Promise<void> {
  await inTransaction(pool, async (tx) => {
    await tx.query(insertPaymentSql, valuesOf(payment));
    await tx.query(insertMessageSql, [payment.paymentId, JSON.stringify(payment)]);
  });
}

/** Each worker has accounts of its own, so that what is measured is the two phases, not a queue for an account. */
function paymentOf(worker: number): Payment {
  return { paymentId: randomUUID(), src: `src-${worker}`, dest: `dest-${worker}`, amountMinor: '100' };
}

async function statementsOf(
  pay: () => Promise<unknown>,
  { payments, ledger }: TwoDatabases,
): Promise<number> {
  const pools = [payments.pool, ledger.pool];
  for (const pool of pools) await countStatements(pool);
  await pay();
  const counts = await Promise.all(pools.map(statementsCounted));
  return counts.reduce((sum, count) => sum + count, 0);
}

function medianOf(rounds: Speed[]): Speed {
  return {
    p50Ms: median(rounds.map(({ p50Ms }) => p50Ms)),
    p95Ms: median(rounds.map(({ p95Ms }) => p95Ms)),
    perSecond: median(rounds.map(({ perSecond }) => perSecond)),
  };
}
