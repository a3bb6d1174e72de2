import type { Client } from 'pg';
import { consume } from '../ledger/ledger-bench.js';
import { inTurn, type Rounds } from '../rig/rounds.js';
import { say } from '../rig/say.js';
import type { BenchSystem } from '../rig/system.js';
import { holdSnapshot } from './held-open.js';
import { LedgerWithHistory } from './ledger-with-history.js';

type Beside<Name extends string> = Rounds<'fresh' | Name>;

/**
 * All payments go from one account to the other: the same two rows change each time. After many payments, with a
 * snapshot held since before the first of them; after many more that came one by one; and when the snapshot is gone.
 */
export async function hotAccounts(
  system: BenchSystem,
  { posted, singly, messages, rounds }: { posted: number; singly: number; messages: number; rounds: number },
): Promise<{
  underSnapshot: Beside<'hot'>;
  afterSinglyUnderSnapshot: Beside<'hot'>;
  withoutSnapshot: Beside<'hot'>;
}> {
  const ledger = await LedgerWithHistory.create(system);
  const beside = (when: string) =>
    inTurn(`growth, two hot accounts, ${when}`, rounds, {
      fresh: () => consume(system, 'dist/bench/ledger/ledger-program.js', messages, 2),
      hot: () => ledger.post(system, messages, 2),
    });
  try {
    const snapshot = await ledger.session();
    await holdSnapshot(snapshot, 'account');
    await ledger.post(system, posted, 2);
    const underSnapshot = await beside(`after ${posted}, snapshot held`);
    await moveSingly(ledger.client, singly);
    const afterSinglyUnderSnapshot = await beside(`after ${singly} more, one by one, snapshot held`);
    await snapshot.query('ROLLBACK');
    const withoutSnapshot = await beside('snapshot gone');
    return { underSnapshot, afterSinglyUnderSnapshot, withoutSnapshot };
  } finally {
    await ledger.close();
  }
}

/** Moves both accounts as a batch of one payment does, so many times. */
async function moveSingly(client: Client, times: number): Promise<void> {
  const startedAt = performance.now();
  await client.query('SET synchronous_commit = off'); // of the filling only
  await client.query(`
    DO $$
    BEGIN
      FOR time IN 1 .. ${times} LOOP
        INSERT INTO account AS a (name, currency, debits_posted, credits_posted)
        VALUES ('account-0', 'EUR', 1, 0), ('account-1', 'EUR', 0, 1)
            ON CONFLICT (name, currency) DO UPDATE
           SET debits_posted = a.debits_posted + excluded.debits_posted,
               credits_posted = a.credits_posted + excluded.credits_posted;
        COMMIT;
      END LOOP;
    END $$`);
  say(`moved ${times} times in ${((performance.now() - startedAt) / 1_000).toFixed(1)} s`);
}
