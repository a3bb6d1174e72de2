import { formatAmount } from '@paid-once/contracts';
import { deadLetterGroups, type DeadLetterGroup } from '@paid-once/outbox';
import { reading } from '@paid-once/service';
import type { DataSource } from 'typeorm';
import { moneyOfDeadLettersSql } from './sql/money-of-dead-letters.js';

export interface DeadPayments {
  count: number;
  /** `totals`: by currency, in major units. */
  groups: (DeadLetterGroup & { totals: Record<string, string> })[];
}

/** What can never be published, by reason and type, with the money it is about; or what of that was dropped. */
export async function deadPayments(database: DataSource, dropped: boolean): Promise<DeadPayments> {
  const { groups, money } = await reading(database, async (db) => ({
    groups: await deadLetterGroups(db, { dropped }),
    money: await db.query<{ reason: string; type: string; currency: string; minor: string }[]>(
      moneyOfDeadLettersSql,
      [dropped],
    ),
  }));
  return {
    count: groups.reduce((sum, { count }) => sum + count, 0),
    groups: groups.map((group) => ({
      ...group,
      totals: Object.fromEntries(
        money
          .filter(({ reason, type }) => reason === group.reason && type === group.type)
          .map(({ currency, minor }) => [currency, formatAmount(BigInt(minor), currency)]),
      ),
    })),
  };
}
