import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { addPaymentsBySql } from './support/bulk-payments.js';
import {
  costsOnRecord,
  differencesFrom,
  meanOf,
  recordCosts,
  type Costs,
  type Stage,
} from './support/costs-on-record.js';
import { CountedServers } from './support/counted-servers.js';
import { ledgerStage, paymentsStage, relayStage, type CountedStage } from './support/counted-stages.js';
import { eventually } from './support/test-stack.js';

jest.setTimeout(60_000);

/** How the pages of an index split is chance: over so many times 1,000 payments it evens out. */
const rounds = 5;
const order: Stage[] = ['payments', 'relay', 'ledger'];

let servers: CountedServers;
let stages: Record<Stage, CountedStage>;

beforeAll(async () => {
  servers = await CountedServers.start();
  stages = {
    payments: await paymentsStage(servers),
    relay: await relayStage(servers),
    ledger: await ledgerStage(servers),
  };
});
afterAll(async () => {
  await Promise.all(Object.values(stages).map((stage) => stage.end()));
  await servers.stop();
});

describe('1,000 payments', () => {
  let costs: Record<Stage, Costs>;

  beforeAll(async () => {
    const runs: Record<Stage, Costs[]> = { payments: [], relay: [], ledger: [] };
    for (let round = 0; round <= rounds; round++)
      for (const stage of order) runs[stage].push(await servers.costOf(() => stages[stage].run()));
    // The first round opens connections and channels, and makes the accounts.
    const costOf = (stage: Stage) => meanOf(runs[stage].slice(1));
    costs = { payments: costOf('payments'), relay: costOf('relay'), ledger: costOf('ledger') };
    if (process.env.PAID_ONCE_RECORD_COSTS === '1') await recordCosts(costs);
  });

  it.each(order)(
    'cost the stage %s what docs/costs.json says: statements, round trips, WAL bytes and AMQP frames',
    async (stage) => {
      const record = await costsOnRecord();
      expect(differencesFrom(record[stage], costs[stage])).toEqual([]);
    },
  );
});

it('100,000 messages leave no dead tuple in the outbox, nor in its progress', async () => {
  const relay = await relayStage(servers);
  await addPaymentsBySql(servers, 100_000);
  await relay.run();
  await relay.end(); // a session has reported all it did when it ends
  await eventually(
    async () => (await tuples()).every(({ live, inserted }) => inserted === live),
    'the statistics know of each row',
  );
  const untouched = { updated: 0, deleted: 0, dead: 0 };
  expect(await tuples()).toMatchObject([
    { relname: 'outbox_message', live: 100_000 + (1 + rounds) * 1_000, ...untouched },
    { relname: 'outbox_progress', ...untouched },
  ]);
});

/** What was ever done to the two tables, as the statistics have it, beside what is in them. */
function tuples() {
  return servers.sql<Record<'live' | 'inserted' | 'updated' | 'deleted' | 'dead', number>>(
    'payments',
    `SELECT relname, live, n_tup_ins::int AS inserted, n_tup_upd::int AS updated, n_tup_del::int AS deleted,
            n_dead_tup::int AS dead
       FROM pg_stat_user_tables
       JOIN (SELECT 'outbox_message' AS relname, count(*)::int AS live FROM outbox_message
              UNION ALL
             SELECT 'outbox_progress', count(*)::int FROM outbox_progress) AS counted USING (relname)
      ORDER BY relname`,
  );
}
