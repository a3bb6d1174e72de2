import { count } from '../output/words.js';
import {
  wasSkipped,
  type Alternatives,
  type RedisRecipe,
  type Skipped,
  type TwoPhaseCommit,
} from './alternatives.js';
import { amountCells, moneyHeads, table } from './chapters-view.js';

/** What came of the two alternatives, as lines for people. */
export function alternativesInWords({ redisRecipe, twoPhaseCommit }: Alternatives): string[] {
  return [
    'Instead: the idempotency key in Redis with a TTL, the answer cached there',
    ...(wasSkipped(redisRecipe) ? why(redisRecipe) : redisLines(redisRecipe)),
    '',
    'Instead: two-phase commit over both databases (PREPARE TRANSACTION)',
    ...(wasSkipped(twoPhaseCommit) ? why(twoPhaseCommit) : twoPhaseLines(twoPhaseCommit)),
  ];
}

const why = ({ skipped }: Skipped): string[] => [`  skipped: ${skipped}`];

function redisLines({ situations, p50Ms, p95Ms, perSecond, cost }: RedisRecipe): string[] {
  return [
    ...table(
      ['payments', ...moneyHeads, '409 for s'],
      situations.map(({ name, tried, lost, twice, stuckSeconds }) => [
        name,
        count(tried),
        ...amountCells(lost),
        ...amountCells(twice),
        String(stuckSeconds),
      ]),
    ),
    `  Without a fault: ${perSecondIn(perSecond)}, p50 ${p50Ms} ms, p95 ${p95Ms} ms, ` +
      `${cost.statements} SQL statements and ${cost.roundTrips} round trips to Redis each.`,
  ];
}

function twoPhaseLines(result: TwoPhaseCommit): string[] {
  const { prepared, locksHeld, blockedPaymentMs, survivesRestart } = result.deadCoordinator;
  return [
    `  Without a fault: ${perSecondIn(result.perSecond)}, p50 ${result.p50Ms} ms, p95 ${result.p95Ms} ms, ` +
      `${result.statementsPerPayment} SQL statements each; ${perSecondIn(result.sameAccountPerSecond)} on one account.`,
    `  One local transaction instead: ${perSecondIn(result.withoutPerSecond)}, p50 ${result.withoutP50Ms} ms.`,
    `  A dead coordinator leaves ${prepared} prepared transactions with ${locksHeld} locks` +
      `${survivesRestart ? ', over a restart too' : ''}; the next payment on the account waits ` +
      `${(blockedPaymentMs / 1_000).toFixed(1)} s in vain.`,
    `  ${result.says}`,
  ];
}

const perSecondIn = (perSecond: number): string => `${count(Math.round(perSecond))} payments/s`;
