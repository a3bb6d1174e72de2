import { formatAmount, parseAmount } from '@paid-once/contracts';
import { z } from 'zod';
import { call } from '../../cli/src/services.js';
import { sideOf } from '../../cli/src/side-of.js';
import type { SystemUrls } from '../../cli/src/settings.js';
import type { MeasuredRun, Totals } from './api.js';

export type Outcome = Omit<NonNullable<MeasuredRun['outcome']>, 'settled'> & {
  /** Accepted, and not yet in the ledger. */
  underWay: number;
};

/** A row that was sent, and not refused: under the name by which its payments are found, and what each is worth. */
export interface SentRow {
  reference: string;
  minor: bigint;
  currency: string;
}

/**
 * What became of each row, one by one: a difference of sums would let a lost payment and one that was paid twice make up for
 * each other.
 * @param after a payment id before the first of the run
 * @throws CliFailure or SideUnreachable a side does not answer
 */
export async function outcomeOf(
  rows: readonly SentRow[],
  after: string,
  urls: Pick<SystemUrls, 'payments' | 'ledger'>,
  signal: AbortSignal,
): Promise<Outcome> {
  const wanted = new Set(rows.map(({ reference }) => reference));
  const referenceOf = new Map<string, string>();
  for await (const { id, reference } of paymentsAfter(after, urls.payments, signal))
    if (reference !== null && wanted.has(reference)) referenceOf.set(id, reference);
  const transfers = new Map<string, number>();
  const posted = new Set<string>();
  for await (const { type, paymentId } of sideOf('ledger', urls.ledger, signal).export({ after })) {
    const reference = referenceOf.get(paymentId);
    if (reference === undefined || type !== 'payment.accepted') continue;
    transfers.set(reference, (transfers.get(reference) ?? 0) + 1);
    posted.add(paymentId);
  }
  return { ...sumsOf(rows, transfers), underWay: referenceOf.size - posted.size };
}

/** @param transfers how many each row has become */
export function sumsOf(
  rows: readonly SentRow[],
  transfers: ReadonlyMap<string, number>,
): Pick<Outcome, 'lost' | 'twice'> {
  const lost = new Sum();
  const twice = new Sum();
  for (const { reference, minor, currency } of rows) {
    const count = transfers.get(reference) ?? 0;
    if (count === 0) lost.add(minor, currency);
    for (let more = 1; more < count; more++) twice.add(minor, currency);
  }
  return { lost: lost.shown, twice: twice.shown };
}

class Sum {
  private count = 0;
  private readonly minor = new Map<string, bigint>();

  add(minor: bigint, currency: string): void {
    this.count++;
    this.minor.set(currency, (this.minor.get(currency) ?? 0n) + minor);
  }

  get shown(): { count: number; totals: Totals } {
    const totals = [...this.minor].map(([currency, minor]) => [currency, formatAmount(minor, currency)]);
    return { count: this.count, totals: Object.fromEntries(totals) };
  }
}

const page = z.object({
  items: z.array(z.object({ id: z.string(), reference: z.string().nullable() })),
  next: z.string().nullable(),
});

async function* paymentsAfter(first: string, url: string, signal: AbortSignal) {
  for (let after: string | null = first; after !== null;) {
    const path: string = `/payments?limit=200&after=${after}`;
    const { items, next }: z.infer<typeof page> = await call('payments', url, { path, signal }, page);
    yield* items;
    after = next;
  }
}

/** @returns undefined: no such amount, and then nobody was paid */
export function sentRow(reference: string, amount: string, currency = 'EUR'): SentRow | undefined {
  const minor = parseAmount(amount, currency);
  return typeof minor === 'bigint' ? { reference, minor, currency } : undefined;
}
