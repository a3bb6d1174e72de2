/** What each figure should be, as in docs/performance.md: at least, or at most. */
export const goals: Record<string, { atLeast: number } | { atMost: number }> = {
  'api.vsBareGroupCommit': { atLeast: 0.65 },
  'api.p99VsBare': { atMost: 2 },
  'api.vsNaiveNest': { atLeast: 3 },
  'api.vsPgInsert': { atLeast: 2 },
  'api.vsTypeOrmExpress': { atLeast: 10 },
  'api.aloneVsInsert': { atMost: 1.1 },
  'relay.vsPublishOnly': { atLeast: 0.93 },
  'relay.twoLanes': { atLeast: 0.93 },
  'relay.historyFlat': { atLeast: 0.95 },
  'relay.heldWriteTx': { atLeast: 0.95 },
  'relay.heldSnapshot': { atLeast: 0.95 },
  'relay.peakMb': { atMost: 160 },
  'relay.idleStatementsPerSecond': { atMost: 1 },
  'ledger.vsAckOnly': { atLeast: 0.7 },
  'ledger.hotAccounts': { atLeast: 0.9 },
  'ledger.inboxFlat': { atLeast: 0.9 },
  'writers.withWake8': { atLeast: 0.85 },
  'writers.withWake32': { atLeast: 0.85 },
  'endToEnd.p50Ms': { atMost: 8 },
  'endToEnd.p99Ms': { atMost: 25 },
  'endToEnd.vsApi': { atLeast: 0.5 },
  'endToEnd.vsTutorialChain': { atLeast: 10 },
  'endToEnd.vsPeerChain': { atLeast: 5 },
};

/** `met`, `missed`, or undefined where there is no goal. */
export function verdict(name: string, value: number): 'met' | 'missed' | undefined {
  const goal = goals[name];
  if (goal === undefined) return undefined;
  return ('atLeast' in goal ? value >= goal.atLeast : value <= goal.atMost) ? 'met' : 'missed';
}

export function goalText(name: string): string {
  const goal = goals[name];
  if (goal === undefined) return '';
  return 'atLeast' in goal ? `≥ ${goal.atLeast}` : `≤ ${goal.atMost}`;
}
