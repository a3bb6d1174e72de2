import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { DatabaseCutOff, DeadCoordinator } from '../src/two-phase-commit/left-behind.js';
import { BuiltAlternative } from './run-built.js';

jest.setTimeout(120_000);

interface Measured {
  p50Ms: number;
  perSecond: number;
  withoutPerSecond: number;
  ratio: number;
  statementsPerPayment: number;
  withoutStatementsPerPayment: number;
  deadCoordinator: DeadCoordinator;
  databaseCutOff: DatabaseCutOff;
}

describe('two-phase commit over the payments and the ledger', () => {
  let measured: Measured;

  beforeAll(async () => {
    const running = BuiltAlternative.start('two-phase-commit', { PAID_ONCE_ROWS: '16' });
    const { code, result, said } = await running.end();
    if (code === 1) throw new Error(`it failed:\n${said}`);
    expect({ code, result }).toMatchObject({
      code: 0,
      result: { alternative: 'two-phase-commit', rows: 16 },
    });
    measured = result as Measured;
  });

  it('takes nine statements where a payment and its outbox row take four', () => {
    expect(measured).toMatchObject({ statementsPerPayment: 9, withoutStatementsPerPayment: 4 });
    expect(measured.p50Ms).toBeGreaterThan(0);
    expect(measured.ratio).toBeGreaterThan(0);
  });

  it('leaves prepared transactions in both databases when its coordinator is killed, over restarts too', () => {
    expect(measured.deadCoordinator).toMatchObject({ prepared: 2, survivesRestart: true });
  });

  it('keeps their locks: the next payment on the same account waits in vain', () => {
    expect(measured.deadCoordinator.locksHeld).toBeGreaterThan(0);
    expect(measured.deadCoordinator.blockedPaymentMs).toBeGreaterThanOrEqual(1_000);
  });

  it('holds vacuum back in tables that have nothing to do with it', () => {
    expect(measured.deadCoordinator.deadRowsKept).toBe(1_000);
    expect(measured.deadCoordinator.oldestAge).toBeGreaterThan(0);
  });

  it('shows half of a payment while one database is cut off in phase two, and the whole after recovery', () => {
    expect(measured.deadCoordinator.recovered).toBe(2);
    expect(measured.databaseCutOff).toEqual({
      meanwhile: { payments: 1, ledger: 0 },
      afterRecovery: { payments: 1, ledger: 1 },
    });
  });
});
