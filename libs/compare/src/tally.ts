import { formatAmount } from '@paid-once/contracts';
import type { Balance, Totals } from './comparison.js';
import type { Bucket } from './digests.js';
import type { ExportRow } from './export-row.js';

/** Adds up money by currency, in minor units. */
export class Money {
  private readonly minorByCurrency = new Map<string, bigint>();

  add(currency: string, minor: bigint): void {
    this.minorByCurrency.set(currency, (this.minorByCurrency.get(currency) ?? 0n) + minor);
  }

  totals(): Totals {
    const byCurrency = [...this.minorByCurrency].sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(
      byCurrency.map(([currency, minor]) => [currency, formatAmount(minor, currency)]),
    );
  }
}

/** What an event adds to the totals, in minor units: a reversal takes its payment's amount back. */
export function effectMinor(row: ExportRow): bigint {
  const minor = BigInt(row.amountMinor);
  return row.type === 'payment.reversed' ? -minor : minor;
}

/** One side's count and totals. */
export class Tally {
  private count = 0;
  private readonly money = new Money();

  add(row: ExportRow): void {
    if (row.type === 'payment.accepted') this.count++;
    this.money.add(row.currency, effectMinor(row));
  }

  /** The events of a bucket at once. */
  addBucket({ payments, totals }: Bucket): void {
    this.count += payments;
    for (const [currency, minor] of Object.entries(totals)) this.money.add(currency, BigInt(minor));
  }

  /** The same rows, added up as they pass. */
  async *over(rows: AsyncIterable<ExportRow>): AsyncGenerator<ExportRow, void> {
    for await (const row of rows) {
      this.add(row);
      yield row;
    }
  }

  balance(): Balance {
    return { count: this.count, totals: this.money.totals() };
  }
}
