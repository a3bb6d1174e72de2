import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { statsOf, type RunQuery, type Stats } from '@paid-once/compare';
import { reading } from '@paid-once/service';
import { DataSource, type EntityManager } from 'typeorm';
import { paymentOf, type Payment, type PaymentRow } from './payment.js';
import { findByKeySql, findPaymentSql, listPaymentsSql, statsSql } from './sql/find-payments.js';

export interface PaymentPage {
  items: Payment[];
  /** What to give as `after` for the next page; null when this is the last. */
  next: string | null;
}

type ListedRow = PaymentRow & { reversed: boolean };

/** What clients may ask about payments. */
@Injectable()
export class FindPayments {
  constructor(@InjectDataSource() private readonly database: DataSource) {}

  /** @param client whose it must be; undefined: anybody's */
  async byId(id: string, client: string | undefined): Promise<Payment | undefined> {
    const [row] = await reading(this.database, (db) => db.query<ListedRow[]>(findPaymentSql, [id, client]));
    return row && listed(row);
  }

  /** What became of a request that was not answered. @param client whose key it is */
  async byKey(key: string, client: string): Promise<PaymentPage> {
    const rows = await reading(this.database, (db) => db.query<ListedRow[]>(findByKeySql, [client, key]));
    return { items: rows.map(listed), next: null };
  }

  /** @param client whose they must be; undefined: anybody's */
  async page(after: string, limit: number, client: string | undefined): Promise<PaymentPage> {
    return reading(this.database, async (db) => {
      const until = client === undefined ? undefined : await endOfWalk(db, after);
      const rows = await db.query<ListedRow[]>(listPaymentsSql, [after, until, client, limit + 1]);
      const items = rows.slice(0, limit).map(listed);
      return { items, next: (rows.length > limit ? items.at(-1)?.id : until) ?? null };
    });
  }

  stats(): Promise<Stats> {
    const query: RunQuery = (sql, parameters) => reading(this.database, (db) => db.query(sql, parameters));
    return statsOf(query, 'payment_event', statsSql);
  }
}

/** There is no index of each client's payments, which every payment would pay for: a page walks past so many of others'. */
const walkedAtOnce = 10_000;

async function endOfWalk(db: EntityManager, after: string): Promise<string | undefined> {
  const [last] = await db.query<{ payment_id: string }[]>(
    'SELECT payment_id FROM payment_event WHERE payment_id > $1 ORDER BY payment_id OFFSET $2 LIMIT 1',
    [after, walkedAtOnce - 1],
  );
  return last?.payment_id;
}

const listed = (row: ListedRow): Payment => paymentOf(row, row.reversed ? 'reversed' : 'accepted');
