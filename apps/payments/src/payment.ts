import { formatAmount } from '@paid-once/contracts';

/** A payment as clients see it. */
export interface Payment {
  id: string;
  src: string;
  dest: string;
  /** Major units, all decimals of the currency. */
  amount: string;
  currency: string;
  reference: string | null;
  status: 'accepted' | 'reversed';
  createdAt: string;
}

/** The columns a payment is shown from; `created_at` is the payment's, also for its reversal. */
export interface PaymentRow {
  payment_id: string;
  src: string;
  dest: string;
  amount_minor: string;
  currency: string;
  reference: string | null;
  created_at: Date;
}

export function paymentOf(row: PaymentRow, status: Payment['status']): Payment {
  return {
    id: row.payment_id,
    src: row.src,
    dest: row.dest,
    amount: formatAmount(BigInt(row.amount_minor), row.currency),
    currency: row.currency,
    reference: row.reference,
    status,
    createdAt: row.created_at.toISOString(),
  };
}
