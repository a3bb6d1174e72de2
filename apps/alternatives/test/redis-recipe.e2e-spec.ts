import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Situation } from '../src/redis-recipe/situations.js';
import { BuiltAlternative } from './run-built.js';

jest.setTimeout(300_000); // Redis may have to be installed first

interface Measured {
  skipped?: string;
  version: string;
  situations: Situation[];
  p50Ms: number;
  p95Ms: number;
  perSecond: number;
  cost: object;
}

const rows = 8;
const nothing = { count: 0, euros: '0.00' };
const all = { count: rows, euros: `${rows}.00` };

describe('an idempotency key that is kept in Redis with a TTL', () => {
  let measured: Measured;

  beforeAll(async () => {
    const env = { PAID_ONCE_ROWS: String(rows), PAID_ONCE_TTL_SECONDS: '2' };
    const { code, result, said } = await BuiltAlternative.start('redis-recipe', env).end();
    if (code === 1) throw new Error(`it failed:\n${said}`);
    measured = result as Measured;
    // Without Redis there is nothing to show; the reason is what this run has to say then.
    if (measured.skipped) process.stderr.write(`the Redis recipe is skipped: ${measured.skipped}\n`);
    expect(code).toBe(measured.skipped ? 4 : 0);
  });

  function shows(name: string, expected: Partial<Situation>): Situation | undefined {
    if (measured.skipped) return undefined;
    const situation = measured.situations.find((each) => each.name === name);
    expect(situation).toMatchObject({ tried: rows, ...expected });
    return situation;
  }

  it('refuses the retry with 409 until the TTL when the process died between SET and COMMIT', () => {
    const situation = shows('killed between SET and COMMIT', { lost: nothing, twice: nothing });
    if (situation) expect(situation.stuckSeconds).toBeGreaterThan(0);
  });

  it('loses the payment when the answer was cached before COMMIT and the process died in between', () => {
    shows('killed between SET and COMMIT, the answer cached before COMMIT', { lost: all, twice: nothing });
  });

  it('pays twice when the process died between COMMIT and the answer', () => {
    shows('killed between COMMIT and the answer', { lost: nothing, twice: all });
  });

  it('pays twice when the retry comes after the TTL', () => {
    shows('retried after the TTL', { lost: nothing, twice: all });
  });

  it('pays twice when the database is slower than the TTL', () => {
    shows('the database slower than the TTL', { lost: nothing, twice: all });
  });

  it('pays twice when Redis was killed and started again as it is installed', () => {
    shows('Redis killed and restarted', { lost: nothing, twice: all });
  });

  it('pays once when Redis was killed and has an append-only file', () => {
    shows('Redis killed and restarted, with an append-only file', { lost: nothing, twice: nothing });
  });

  it('takes two round trips to Redis and three statements for each payment', () => {
    if (measured.skipped) return;
    expect(measured.cost).toEqual({ statements: 3, roundTrips: 2 });
    expect(measured.p50Ms).toBeGreaterThan(0);
    expect(measured.p95Ms).toBeGreaterThanOrEqual(measured.p50Ms);
    expect(measured.perSecond).toBeGreaterThan(0);
  });
});
