import { expect } from '@jest/globals';
import type { PayOptions, PaySummary } from '@paid-once/payer';
import { agreement, type TestStack } from './test-stack.js';

/** Payments that flow while something is broken, and what must be true of them when it is whole again. */
export class PaymentsUnderFault {
  /** How many payments have been made so far; each of EUR 1. */
  paid = 0;

  constructor(private readonly system: TestStack) {}

  async pay(rows: number, options: Partial<PayOptions> = {}): Promise<PaySummary> {
    const { summary } = await this.system.pay(rows, { attemptTimeoutMs: 15_000, ...options });
    expect(summary).toMatchObject({ rows, refused: 0, failed: 0 });
    this.paid += rows;
    return summary;
  }

  /** Pays on, 20 at a time, for as long as `fault` takes. @returns what each of those rounds was answered */
  async whilePaying(fault: () => Promise<void>, options: Partial<PayOptions> = {}): Promise<PaySummary[]> {
    const rounds: PaySummary[] = [];
    const over = new AbortController();
    const paying = (async () => {
      while (!over.signal.aborted) rounds.push(await this.pay(20, { concurrency: 4, ...options }));
    })();
    try {
      await fault();
    } finally {
      over.abort();
      await paying;
    }
    return rounds;
  }

  /** Nothing lost, nothing twice, nothing set aside, and nothing left to do by hand. */
  async expectAgreement(limitMs = 30_000): Promise<void> {
    expect(await this.system.compareUntilAgreed(limitMs)).toMatchObject(agreement(this.paid));
    await this.expectNothingParked();
  }

  /** The same when so many of them were reversed. */
  async expectPostedWithReversals(reversals: number, limitMs = 30_000): Promise<void> {
    const comparison = await this.system.compareUntilAgreed(limitMs);
    const balance = { count: this.paid, totals: { EUR: `${this.paid - reversals}.00` } };
    expect(comparison).toMatchObject({ agree: true, payments: balance, ledger: balance });
    expect(await this.system.stats('ledger')).toMatchObject({ reversals });
    await this.expectNothingParked();
  }

  private async expectNothingParked(): Promise<void> {
    const [parked] = await this.system.sql<{ count: number }>(
      'ledger',
      'SELECT count(*)::int AS count FROM parked_message',
    );
    expect(parked).toEqual({ count: 0 });
  }
}

/** Each round was answered at the first attempt: whoever pays has noticed nothing. */
export function expectUndisturbed(rounds: PaySummary[]): void {
  expect(rounds.length).toBeGreaterThan(0);
  for (const { rows, attempts, accepted } of rounds)
    expect({ rows, attempts, accepted }).toEqual({ rows, attempts: rows, accepted: rows });
}
