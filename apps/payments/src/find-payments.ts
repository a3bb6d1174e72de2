import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { formatAmount } from '@paid-once/contracts';
import { reading } from '@paid-once/service';
import { DataSource } from 'typeorm';
import { paymentOf, type Payment, type PaymentRow } from './payment.js';
import { findPaymentSql, listPaymentsSql, statsSql } from './sql/find-payments.js';

export interface PaymentPage {
  items: Payment[];
  /** What to give as `after` for the next page; null when this is the last. */
  next: string | null;
}

/** Totals are net of reversals, in major units; a reversed payment still counts as a payment. */
export interface Stats {
  count: number;
  totals: Record<string, string>;
  reversals: number;
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

  async stats(): Promise<Stats> {
    const rows = await reading(this.database, (db) =>
      db.query<{ currency: string; payments: string; reversals: string; net_minor: string }[]>(statsSql),
    );
    const sum = (counts: string[]): number => counts.reduce((total, count) => total + Number(count), 0);
    return {
      count: sum(rows.map(({ payments }) => payments)),
      totals: Object.fromEntries(
        rows.map(({ currency, net_minor }) => [currency, formatAmount(BigInt(net_minor), currency)]),
      ),
      reversals: sum(rows.map(({ reversals }) => reversals)),
    };
  }
}

const listed = (row: ListedRow): Payment => paymentOf(row, row.reversed ? 'reversed' : 'accepted');
