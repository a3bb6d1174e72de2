import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { statsOf, type RunQuery, type Stats } from '@paid-once/compare';
import { reading } from '@paid-once/service';
import { DataSource } from 'typeorm';
import { paymentOf, type Payment, type PaymentRow } from './payment.js';
import { findPaymentSql, listPaymentsSql, statsSql } from './sql/find-payments.js';

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

  async byId(id: string): Promise<Payment | undefined> {
    const [row] = await reading(this.database, (db) => db.query<ListedRow[]>(findPaymentSql, [id]));
    return row && listed(row);
  }

  async page(after: string, limit: number): Promise<PaymentPage> {
    const rows = await reading(this.database, (db) =>
      db.query<ListedRow[]>(listPaymentsSql, [after, limit + 1]),
    );
    const items = rows.slice(0, limit).map(listed);
    return { items, next: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
  }

  stats(): Promise<Stats> {
    const query: RunQuery = (sql, parameters) => reading(this.database, (db) => db.query(sql, parameters));
    return statsOf(query, 'payment_event', statsSql);
  }
}

const listed = (row: ListedRow): Payment => paymentOf(row, row.reversed ? 'reversed' : 'accepted');
