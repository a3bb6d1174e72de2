import type { RedisServer } from '@paid-once/infrastructure';
import { until } from '../measuring.js';
import type { Recipe, StandStill } from './pay-with-key.js';
import { PaymentsOfAClient, type Amount } from './payments-of-a-client.js';
import type { RecipeRig, RecipeService } from './rig.js';

/** What came of it: `lost` was answered with success and is not paid, `twice` was paid once too often. */
export interface Situation {
  name: string;
  tried: number;
  lost: Amount;
  twice: Amount;
  /** For how long the client got nothing but 409. */
  stuckSeconds: number;
  says: string;
}

/** Lets one situation happen to so many payments; the keys live `ttlSeconds`. */
type Happening = (rig: RecipeRig, count: number, ttlSeconds: number) => Promise<Situation>;

/** In the order in which they are told. */
export const situations: Happening[] = [
  killedBeforeCommit,
  killedBeforeCommitAnswerCached,
  killedAfterCommit,
  retriedAfterTtl,
  slowerThanTtl,
  redisRestarted,
  appendingRedisRestarted,
];

/** Longer than any run: where the TTL is not what breaks. */
export const longTtlSeconds = 3_600;

async function killedBeforeCommit(rig: RecipeRig, count: number, ttlSeconds: number): Promise<Situation> {
  const payments = new PaymentsOfAClient('killed between SET and COMMIT', count);
  const other = await killWhileStanding(rig, payments, 'before-commit', ttlSeconds);
  const stuckSeconds = await payments.retryAt(other);
  return situation(rig, payments, stuckSeconds, () =>
    stuckSeconds > 0
      ? `every retry is answered with 409 until the TTL (here ${ttlSeconds} s, a day in the tutorials) ends: ` +
        'who gives up earlier has paid nothing and was not told so'
      : 'the retry is paid at once',
  );
}

async function killedBeforeCommitAnswerCached(rig: RecipeRig, count: number): Promise<Situation> {
  const name = 'killed between SET and COMMIT, the answer cached before COMMIT';
  const payments = new PaymentsOfAClient(name, count);
  const other = await killWhileStanding(rig, payments, 'before-commit', longTtlSeconds, 'answer-then-commit');
  await payments.sendTo(other);
  return situation(rig, payments, 0, ({ lost }) =>
    lost.count > 0
      ? 'the retry gets the cached answer, 208: the client is told that it has paid, and nothing was paid'
      : 'nothing is lost',
  );
}

async function killedAfterCommit(rig: RecipeRig, count: number, ttlSeconds: number): Promise<Situation> {
  const payments = new PaymentsOfAClient('killed between COMMIT and the answer', count);
  const other = await killWhileStanding(rig, payments, 'after-commit', ttlSeconds);
  const stuckSeconds = await payments.retryAt(other);
  return situation(rig, payments, stuckSeconds, ({ twice }) =>
    twice.count > 0
      ? 'Redis does not know that it was paid: a client that goes on trying as it should pays twice after the TTL'
      : 'nothing is paid twice',
  );
}

async function retriedAfterTtl(rig: RecipeRig, count: number, ttlSeconds: number): Promise<Situation> {
  const payments = new PaymentsOfAClient('retried after the TTL', count);
  const service = await rig.service(ttlSeconds);
  await payments.sendTo(service);
  await rig.untilForgotten(payments.keys);
  await payments.sendTo(service);
  return situation(rig, payments, 0, ({ twice }) =>
    twice.count > 0
      ? 'no fault at all: the key is forgotten, the payment is not, and the retry pays it again'
      : 'nothing is paid twice',
  );
}

async function slowerThanTtl(rig: RecipeRig, count: number, ttlSeconds: number): Promise<Situation> {
  const payments = new PaymentsOfAClient('the database slower than the TTL', count);
  const service = await rig.service(ttlSeconds);
  const locked = await rig.pool.connect();
  await locked.query('BEGIN; LOCK TABLE payment IN SHARE MODE'); // inserts wait, as behind a migration
  const first = payments.sendTo(service, count);
  await rig.untilTaken(payments.keys);
  await rig.untilForgotten(payments.keys);
  const second = payments.sendTo(service, count);
  await rig.untilTaken(payments.keys);
  await locked.query('COMMIT');
  locked.release();
  await Promise.all([first, second]);
  return situation(rig, payments, 0, ({ twice }) =>
    twice.count > 0
      ? 'the first request is still waiting for Postgres when its key ends: it and its retry are both paid'
      : 'nothing is paid twice',
  );
}

/** Redis as it is installed: a snapshot now and then, at the earliest after a minute. */
async function redisRestarted(rig: RecipeRig, count: number): Promise<Situation> {
  const payments = new PaymentsOfAClient('Redis killed and restarted', count);
  await payOverRestart(payments, rig.redis, await rig.service(longTtlSeconds));
  return situation(rig, payments, 0, ({ twice }) =>
    twice.count > 0
      ? 'Redis as it is installed comes back without the keys since its last snapshot: every retry pays again'
      : 'nothing is paid twice',
  );
}

async function appendingRedisRestarted(rig: RecipeRig, count: number): Promise<Situation> {
  const payments = new PaymentsOfAClient('Redis killed and restarted, with an append-only file', count);
  const redis = await rig.startRedis({ appendonly: 'yes' });
  await payOverRestart(payments, redis, await rig.startService({ ttlSeconds: longTtlSeconds, redis }));
  return situation(rig, payments, 0, ({ twice }) =>
    twice.count > 0
      ? 'the file had not been written: retries pay again'
      : 'the keys outlive the process (by its manual not the last second before a power cut); their TTL ends all the same',
  );
}

/** Pays, kills Redis with -9, starts it again on what it left on disk, and sends every payment again. */
async function payOverRestart(
  payments: PaymentsOfAClient,
  redis: RedisServer,
  service: RecipeService,
): Promise<void> {
  await payments.sendTo(service);
  await redis.restart({ quick: true });
  await payments.sendTo(service);
}

/**
 * Sends all payments at once to a process, kills it with -9 when all of them stand there, and starts nothing: another
 * process runs already, as behind any load balancer.
 * @returns that other process
 */
async function killWhileStanding(
  rig: RecipeRig,
  payments: PaymentsOfAClient,
  standStill: StandStill,
  ttlSeconds: number,
  order?: Recipe['order'],
): Promise<RecipeService> {
  // Before COMMIT each of them holds a connection.
  const connections = standStill === 'before-commit' ? payments.count : undefined;
  const [doomed, other] = await Promise.all([
    rig.startService({ ttlSeconds, order, standStill, connections }),
    rig.service(ttlSeconds),
  ]);
  const sent = payments.sendTo(doomed, payments.count);
  await until(`all stand ${standStill}`, () => doomed.standing === payments.count);
  await doomed.kill();
  await sent;
  return other;
}

async function situation(
  rig: RecipeRig,
  payments: PaymentsOfAClient,
  stuckSeconds: number,
  says: (outcome: { lost: Amount; twice: Amount }) => string,
): Promise<Situation> {
  const outcome = await payments.outcome(rig.pool);
  return { name: payments.name, ...outcome, stuckSeconds, says: says(outcome) };
}
