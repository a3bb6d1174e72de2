import type { PaymentEventType } from '@paid-once/contracts';

/** Where a payment can be when the two ledgers differ, in the order in which money passes. */
export const breakKinds = [
  'inOutbox',
  'inBroker',
  'deadLettered',
  'parked',
  'missing',
  'unexpected',
  'duplicate',
  'amountDiffers',
  'order',
] as const;
export type BreakKind = (typeof breakKinds)[number];

/** Major units by currency, net of reversals: `{"EUR": "1000.00"}`. */
export type Totals = Record<string, string>;

export interface Balance {
  /** Payments, reversed ones too; a payment that was posted twice counts twice. */
  count: number;
  totals: Totals;
}

export interface Break {
  /** Events: a payment and its reversal count as two. */
  count: number;
  /** What the ledger's totals are short of, or over by; for `amountDiffers` the amounts by which they differ. */
  totals: Totals;
  /** Since when the oldest of them has been where it is, in seconds; 0 if there is none. */
  oldestSeconds: number;
  /** Of these events, how many are reversals; left out where there is none. */
  reversals?: number;
  /** Of these, what a person gave up on purpose; left out where there is none. */
  dropped?: { count: number; totals: Totals };
}

/** Who gave an event up, and why. */
export interface Dropped {
  by: string;
  why: string;
}

/** One break, of one event. */
export interface BreakRow {
  kind: BreakKind;
  paymentId: string;
  type: PaymentEventType;
  messageId: string | null;
  src: string;
  dest: string;
  /** Major units, never negative: also a reversal's is its payment's amount. */
  amount: string;
  currency: string;
  /** Since when it has been where it is: ISO 8601. */
  since: string;
  ageSeconds: number;
  /** A person gave it up: nothing is to be done about it. */
  dropped?: Dropped;
  /** Of an amount that differs: what the ledger has instead, in major units of its currency. */
  ledgerAmount?: string;
  /** Why it was parked or dead-lettered, and who gave it up; what the ledger has instead. Empty where there is nothing to say. */
  detail: string;
}

/** What `paid-once compare --json` prints. */
export interface Comparison {
  /** No break of any kind: the same payments with the same amounts on both sides. */
  agree: boolean;
  payments: Balance;
  ledger: Balance;
  breaks: Record<BreakKind, Break>;
}
