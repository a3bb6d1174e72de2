import type { BenchSystem } from '../rig/system.js';
import { hotAccounts } from './hot-accounts.js';
import { inboxGrowth } from './inbox-growth.js';

export interface LedgerGrowthOptions {
  /** Messages that the inbox remembers. */
  remembered: number;
  /** Payments between the same two names, in batches as they come, before their rate is measured. */
  posted: number;
  /** And one by one: under a held snapshot the time of this grows with its square. */
  singly: number;
  /** What is posted in each run. */
  messages: number;
  rounds: number;
}

export const fullLedgerGrowth: LedgerGrowthOptions = {
  remembered: 10_000_000,
  posted: 1_000_000,
  singly: 20_000,
  messages: 100_000,
  rounds: 3,
};

export const quickLedgerGrowth: LedgerGrowthOptions = {
  remembered: 200_000,
  posted: 50_000,
  singly: 2_000,
  messages: 20_000,
  rounds: 1,
};

/** Whether the ledger's work follows from what comes, and not from what it has ever posted. */
export async function ledgerGrowth(system: BenchSystem, options: LedgerGrowthOptions) {
  const inbox = await inboxGrowth(system, options);
  const hot = await hotAccounts(system, options);
  return {
    inboxFlat: inbox.ratio('inbox with history', 'empty inbox'),
    hotAccounts: hot.underSnapshot.ratio('hot', 'fresh'),
    hotAccountsSingly: hot.afterSinglyUnderSnapshot.ratio('hot', 'fresh'),
    hotAccountsLater: hot.withoutSnapshot.ratio('hot', 'fresh'),
    rounds: { inbox, ...hot },
  };
}
