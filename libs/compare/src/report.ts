import { formatAmount, uuidV7TimeMs } from '@paid-once/contracts';
import {
  breakKinds,
  type Balance,
  type BreakKind,
  type BreakRow,
  type Comparison,
  type Totals,
} from './comparison.js';
import type { ExportRow } from './export-row.js';
import type { Found } from './judge.js';
import { effectMinor, Money } from './tally.js';

/** Adds up what was found, break by break. */
export class Report {
  private readonly found = new Map<
    BreakKind,
    { sum: Sum; reversals: number; dropped: Sum; oldestMs: number }
  >();

  /** @returns the same, for people and files */
  add({ kind, row, since, reason, dropped, ledgerRow }: Found): BreakRow {
    const entry = this.found.get(kind) ?? {
      sum: new Sum(),
      reversals: 0,
      dropped: new Sum(),
      oldestMs: Number.POSITIVE_INFINITY,
    };
    const minor = ledgerRow === undefined ? effectMinor(row) : gapMinor(row, ledgerRow);
    entry.sum.add(row.currency, minor);
    if (row.type === 'payment.reversed') entry.reversals++;
    if (dropped) entry.dropped.add(row.currency, minor);
    const sinceMs = since === undefined ? uuidV7TimeMs(row.paymentId) : Date.parse(since);
    entry.oldestMs = Math.min(entry.oldestMs, sinceMs);
    this.found.set(kind, entry);
    return {
      kind,
      paymentId: row.paymentId,
      type: row.type,
      messageId: row.messageId ?? null,
      src: row.src,
      dest: row.dest,
      amount: formatAmount(BigInt(row.amountMinor), row.currency),
      currency: row.currency,
      since: Number.isFinite(sinceMs) ? new Date(sinceMs).toISOString() : '',
      ageSeconds: secondsSince(sinceMs),
      ...(dropped && { dropped }),
      ...(ledgerRow && { ledgerAmount: formatAmount(BigInt(ledgerRow.amountMinor), ledgerRow.currency) }),
      detail: [
        ...(reason === undefined ? [] : [reason]),
        ...(dropped ? [`dropped by ${dropped.by}: ${dropped.why}`] : []),
        ...(ledgerRow === undefined ? [] : [`the ledger has ${inWords(ledgerRow)}`]),
      ].join(', '),
    };
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
    return {
      ...entry.sum.result(),
      oldestSeconds: secondsSince(entry.oldestMs),
      ...(entry.reversals > 0 && { reversals: entry.reversals }),
      ...(entry.dropped.count > 0 && { dropped: entry.dropped.result() }),
    };
  }
}

/** Events and their money. */
class Sum {
  count = 0;
  private readonly money = new Money();

  add(currency: string, minor: bigint): void {
    this.count++;
    this.money.add(currency, minor);
  }

  result(): { count: number; totals: Totals } {
    return { count: this.count, totals: this.money.totals() };
  }
}

/** Never negative, and a number whatever a ledger's rows hold: databases' clocks and this one differ a little. */
function secondsSince(timeMs: number): number {
  const ageMs = Date.now() - timeMs;
  return Number.isFinite(ageMs) ? Math.max(0, Math.round(ageMs / 100) / 10) : 0;
}

function inWords({ src, dest, amountMinor, currency }: ExportRow): string {
  return `${currency} ${formatAmount(BigInt(amountMinor), currency)} from ${src} to ${dest}`;
}

/** By how much the amounts differ; the whole amount if currency or accounts do. */
function gapMinor(row: ExportRow, ledgerRow: ExportRow): bigint {
  const sameParties =
    row.src === ledgerRow.src && row.dest === ledgerRow.dest && row.currency === ledgerRow.currency;
  if (!sameParties) return BigInt(row.amountMinor);
  const gap = BigInt(row.amountMinor) - BigInt(ledgerRow.amountMinor);
  return gap < 0n ? -gap : gap;
}
