import { inTurn, type Rounds } from '../rig/rounds.js';
import type { BenchSystem } from '../rig/system.js';
import { drain } from './drain.js';
import type { OutboxWithHistory } from './outbox-with-history.js';

/** Draining while the relay's retention removes history in the same process, beside draining alone. */
export function retentionBeside(
  system: BenchSystem,
  outbox: OutboxWithHistory,
  { messages, rounds }: { messages: number; rounds: number },
): Promise<Rounds<'alone' | 'beside retention'>> {
  const env = { BENCH_RETENTION_DB_URL: outbox.env.PAID_ONCE_PAYMENTS_RETENTION_DB_URL };
  return inTurn('growth, retention', rounds, {
    alone: () => drain(system, outbox, messages),
    'beside retention': async () => {
      const before = await outbox.rows();
      const run = await drain(system, outbox, messages, env);
      const removed = before + messages - (await outbox.rows());
      if (removed <= 0) throw new Error('the retention has removed nothing');
      return { ...run, removed };
    },
  });
}
