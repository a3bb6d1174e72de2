import type { BenchSystem } from '../rig/system.js';
import { StatementCounter } from './statement-counter.js';

export interface IdleRelay {
  statementsPerSecond: number;
  /** How often each was sent, the most frequent first. */
  statements: [statement: string, times: number][];
}

/** What a relay that has nothing to do asks of Postgres, with its process' defaults. Its ledger is not there to be asked. */
export async function idleRelay(system: BenchSystem, seconds: number): Promise<IdleRelay> {
  await system.clear();
  const counter = await StatementCounter.before(system.servers.paymentsDb.port);
  const relay = await system.startService('relay', {
    PAID_ONCE_RELAY_DB_URL: counter.through(system.env['PAID_ONCE_RELAY_DB_URL']),
    PAID_ONCE_PAYMENTS_RETENTION_DB_URL: counter.through(system.env['PAID_ONCE_PAYMENTS_RETENTION_DB_URL']),
  });
  try {
    await pause(5_000); // what it does once, at its start
    counter.reset();
    await pause(seconds * 1_000);
    const statements = [...counter.statements].sort(([, a], [, b]) => b - a);
    const sent = statements.reduce((sum, [, times]) => sum + times, 0);
    if (sent === 0) throw new Error('the relay gave no sign of life');
    return { statementsPerSecond: sent / seconds, statements };
  } finally {
    await relay.stop();
    await counter.close();
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
