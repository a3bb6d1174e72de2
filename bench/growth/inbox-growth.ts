import { consume } from '../ledger/ledger-bench.js';
import { inTurn, type Rounds } from '../rig/rounds.js';
import type { BenchSystem } from '../rig/system.js';
import { LedgerWithHistory } from './ledger-with-history.js';

const accounts = 2_000;

/** Posting with an inbox that remembers so many messages, beside posting with an empty one. */
export async function inboxGrowth(
  system: BenchSystem,
  { remembered, messages, rounds }: { remembered: number; messages: number; rounds: number },
): Promise<Rounds<'empty inbox' | 'inbox with history'>> {
  const ledger = await LedgerWithHistory.create(system);
  try {
    await ledger.remember(remembered);
    return await inTurn(`growth, ${remembered} in the inbox`, rounds, {
      'empty inbox': () => consume(system, 'dist/bench/ledger/ledger-program.js', messages, accounts),
      'inbox with history': () => ledger.post(system, messages, accounts),
    });
  } finally {
    await ledger.close();
  }
}
