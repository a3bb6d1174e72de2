import { uuidV7TimeMs } from '@paid-once/contracts';
import { breakKinds, type Balance, type BreakKind, type Comparison } from './comparison.js';
import type { ExportRow } from './export-row.js';
import type { Found } from './judge.js';
import { effectMinor, Money } from './tally.js';

/** Adds up what was found, break by break. */
export class Report {
  private readonly found = new Map<BreakKind, { count: number; money: Money; oldestMs: number }>();

  add({ kind, row, since, ledgerRow }: Found): void {
    const entry = this.found.get(kind) ?? {
      count: 0,
      money: new Money(),
      oldestMs: Number.POSITIVE_INFINITY,
    };
    entry.count++;
    entry.money.add(row.currency, ledgerRow === undefined ? effectMinor(row) : gapMinor(row, ledgerRow));
    entry.oldestMs = Math.min(
      entry.oldestMs,
      since === undefined ? uuidV7TimeMs(row.paymentId) : Date.parse(since),
    );
    this.found.set(kind, entry);
  }

  comparison(payments: Balance, ledger: Balance): Comparison {
    const breaks = Object.fromEntries(
      breakKinds.map((kind) => [kind, this.breakOf(kind)]),
    ) as Comparison['breaks'];
    return {
      agree: this.found.size === 0,
      payments: { count: payments.count, totals: payments.totals },
      ledger: { count: ledger.count, totals: ledger.totals },
      breaks,
    };
  }

  private breakOf(kind: BreakKind): Comparison['breaks'][BreakKind] {
    const entry = this.found.get(kind);
    if (entry === undefined) return { count: 0, totals: {}, oldestSeconds: 0 };
    const ageMs = Date.now() - entry.oldestMs;
    // Never negative, and a number whatever a ledger's rows hold: databases' clocks and this one differ a little.
    const oldestSeconds = Number.isFinite(ageMs) ? Math.max(0, Math.round(ageMs / 100) / 10) : 0;
    return { count: entry.count, totals: entry.money.totals(), oldestSeconds };
  }
}

/** By how much the amounts differ; the whole amount if currency or accounts do. */
function gapMinor(row: ExportRow, ledgerRow: ExportRow): bigint {
  const sameParties =
    row.src === ledgerRow.src && row.dest === ledgerRow.dest && row.currency === ledgerRow.currency;
  if (!sameParties) return BigInt(row.amountMinor);
  const gap = BigInt(row.amountMinor) - BigInt(ledgerRow.amountMinor);
  return gap < 0n ? -gap : gap;
}
