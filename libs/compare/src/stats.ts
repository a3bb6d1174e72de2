import { Money } from './tally.js';
import type { RunQuery } from './digests.js';
import { tableParts } from './table-pages.js';

/** What a side's `statsSql` answers of a part of its table, for each currency; numbers as text. */
export interface StatsPart {
  currency: string;
  payments: string;
  reversals: string;
  net_minor: string;
}

/** Totals are net of reversals, in major units; a reversed payment still counts as a payment. */
export interface Stats {
  count: number;
  totals: Record<string, string>;
  reversals: number;
}

/** @param sql one that `tableParts` takes, and answers `StatsPart`s */
export async function statsOf(query: RunQuery, table: string, sql: string): Promise<Stats> {
  let [count, reversals] = [0, 0];
  const money = new Money();
  for await (const parts of tableParts<StatsPart>(query, table, sql))
    for (const part of parts) {
      count += Number(part.payments);
      reversals += Number(part.reversals);
      money.add(part.currency, BigInt(part.net_minor));
    }
  return { count, totals: money.totals(), reversals };
}
