import { integer, settingsOrExit } from '@paid-once/service/basics';
import { z } from 'zod';
import { measureSpeed, rounded } from '../measuring.js';
import { countStatements, statementsCounted } from '../postgres.js';
import type { Run } from '../run-alternative.js';
import { PaymentsOfAClient } from './payments-of-a-client.js';
import { RecipeRig } from './rig.js';
import { longTtlSeconds, situations, type Situation } from './situations.js';

/** How many requests may stand still in a process at once: each holds a connection to Postgres. */
const mostAtOnce = 50;

/** Measures the recipe where it breaks, and what it costs when nothing does. */
export async function measureRedisRecipe(run: Run): Promise<object> {
  const { PAID_ONCE_TTL_SECONDS: ttlSeconds } = settingsOrExit(
    z.object({ PAID_ONCE_TTL_SECONDS: integer({ min: 1, max: 60, otherwise: 2 }) }),
  );
  const rig = await RecipeRig.start(run);
  const price = await measurePrice(rig, run);
  const found: Situation[] = [];
  for (const happen of situations) {
    const situation = await happen(rig, Math.min(run.rows, mostAtOnce), ttlSeconds);
    const { name, tried, lost, twice, stuckSeconds } = situation;
    run.say(`${name}: of ${tried}, ${lost.count} lost, ${twice.count} twice, stuck for ${stuckSeconds} s`);
    found.push(situation);
  }
  const { version } = rig;
  return { alternative: 'redis-recipe', version, rows: run.rows, ttlSeconds, situations: found, ...price };
}

async function measurePrice(rig: RecipeRig, run: Run): Promise<object> {
  const { rows } = run;
  const service = await rig.service(longTtlSeconds);
  await new PaymentsOfAClient('warm-up', 100).sendTo(service);
  await countStatements(rig.pool);
  await rig.redisClient.configResetStat();
  const payments = Array.from({ length: rows }, (_, row) => `no fault/${row}`);
  const speed = await measureSpeed(rows, async (row) => {
    const reference = payments[row] ?? '';
    const status = await service.pay(reference, reference);
    if (status !== 201) throw new Error(`a payment without any fault was answered with ${status}`);
  });
  const statements = rounded((await statementsCounted(rig.pool)) / rows);
  const roundTrips = rounded((await keyCommands(rig)) / rows);
  run.say(
    `without a fault: ${speed.perSecond} payments/s, ${statements} statements and ${roundTrips} Redis round trips each`,
  );
  return { ...speed, cost: { statements, roundTrips } };
}

/** How many commands Redis was given that read or write a key: "cmdstat_set:calls=400,usec=…". */
async function keyCommands(rig: RecipeRig): Promise<number> {
  const info = await rig.redisClient.info('commandstats');
  const calls = [...info.matchAll(/^cmdstat_(?:set|get|del):calls=(\d+)/gm)].map(([, count]) =>
    Number(count),
  );
  return calls.reduce((sum, count) => sum + count, 0);
}
