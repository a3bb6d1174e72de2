import { describe, expect, it } from '@jest/globals';
import { alternativesInWords } from './alternatives-view.js';

const none = { count: 0, euros: '0.00' };
const speed = { p50Ms: 5.5, p95Ms: 9.9, perSecond: 1_234.5 };
const redisRecipe = {
  ...speed,
  situations: [
    {
      name: 'retried after the TTL',
      tried: 200,
      lost: none,
      twice: { count: 200, euros: '200.00' },
      stuckSeconds: 1.5,
      says: '',
    },
  ],
  cost: { statements: 3, roundTrips: 2 },
};
const twoPhaseCommit = {
  ...speed,
  withoutP50Ms: 2.5,
  withoutPerSecond: 3_000,
  sameAccountPerSecond: 60,
  statementsPerPayment: 9,
  deadCoordinator: { prepared: 2, locksHeld: 6, blockedPaymentMs: 1_010, survivesRestart: true },
  says: 'nothing is lost, at a price',
};

describe('the alternatives in words', () => {
  it('tell what is lost, paid twice and stuck in each situation, and what it costs', () => {
    const text = alternativesInWords({ redisRecipe, twoPhaseCommit }).join('\n');
    expect(text).toMatch(/retried after the TTL *│ *200 │ *0 │ *0\.00 │ *200 │ *200\.00 │ *1\.5 │/);
    expect(text).toContain('1,235 payments/s, p50 5.5 ms, p95 9.9 ms, 3 SQL statements and 2 round trips');
    expect(text).toContain('One local transaction instead: 3,000 payments/s, p50 2.5 ms.');
    expect(text).toContain('2 prepared transactions with 6 locks, over a restart too');
    expect(text).toContain('waits 1.0 s in vain');
    expect(text).toContain('nothing is lost, at a price');
  });

  it('say why one was left out', () => {
    const skipped = { skipped: 'Redis was not found' };
    const text = alternativesInWords({ redisRecipe: skipped, twoPhaseCommit: skipped }).join('\n');
    expect(text.match(/skipped: Redis was not found/g)).toHaveLength(2);
  });
});
