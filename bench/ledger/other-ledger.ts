import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { Program } from '../rig/program.js';
import type { Run } from '../rig/rounds.js';
import type { BenchSystem } from '../rig/system.js';
import { fillQueues } from './fill-queues.js';

/** More than any of them posts in the time. */
const messages = 50_000;
const accounts = 2_000;

/**
 * The consuming side of somebody else's chain, on a queue of its own that never runs empty.
 * @throws Error it ran empty: then it waited, too
 */
export async function otherLedger(
  system: BenchSystem,
  chain: string,
  { seconds, env }: { seconds: number; env: Record<string, string> | undefined },
): Promise<Run> {
  await system.clear();
  const databaseUrl = await system.emptyDatabase('chain', 'ledgerDb');
  const program = await Program.start(`bench/peers/chains/${chain}/ledger.mjs`, {
    BENCH_LEDGER_DB_URL: databaseUrl,
    BENCH_AMQP_URL: system.servers.broker.adminAmqpUrl,
    ...env,
  });
  const ledger = new Client({ connectionString: databaseUrl });
  await ledger.connect();
  const posted = async () => {
    const { rows } = await ledger.query<{ count: number }>('SELECT count(*)::int FROM transfer');
    return { count: rows[0]?.count ?? 0, at: performance.now() };
  };
  try {
    const exchange = `${chain}.payments`;
    await fillQueues(system.broker, { messages, accounts, runId: await system.runId(), exchange });
    const before = await posted();
    await pause(seconds * 1_000);
    const after = await posted();
    if (after.count === messages) throw new Error(`${chain} has posted all there was: give it more`);
    return { perSecond: (after.count - before.count) / ((after.at - before.at) / 1_000) };
  } finally {
    await ledger.end();
    await program.stop();
    await system.removeQueue(`${chain}.ledger`);
    await system.emptyDatabase('chain', 'ledgerDb'); // with it goes its replication slot, which would keep all of the log
  }
}
