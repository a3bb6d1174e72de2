import { parseAmount } from '@paid-once/contracts';
import { z } from 'zod';
import { call } from '../services.js';
import type { Entry } from './count-hop.js';
import { sideOf } from '../side-of.js';

export interface RecordedPayment {
  id: string;
  /** As the payer named its row: `run/row`. */
  reference: string;
  minor: bigint;
}

/** All payments that were accepted. @throws CliFailure payments does not answer */
export async function readPayments(url: string, signal: AbortSignal): Promise<RecordedPayment[]> {
  const payments: RecordedPayment[] = [];
  for (let after = ''; ;) {
    const path = `/payments?limit=200${after && `&after=${after}`}`;
    const { items, next } = await call('payments', url, { path, signal }, page);
    for (const { id, reference, amount } of items) payments.push({ id, reference, minor: cents(amount) });
    if (next === null) return payments;
    after = next;
  }
}

/** All transfers for payments, under the payment's id; a payment that was posted three times comes three times. */
export async function readTransfers(url: string, signal: AbortSignal): Promise<Entry[]> {
  const transfers: Entry[] = [];
  for await (const { type, paymentId, amountMinor } of sideOf('ledger', url, signal).export())
    if (type === 'payment.accepted') transfers.push({ key: paymentId, minor: BigInt(amountMinor) });
  return transfers;
}

const page = z.object({
  items: z.array(
    z.object({ id: z.string(), reference: z.string(), amount: z.string(), currency: z.literal('EUR') }),
  ),
  next: z.string().nullable(),
});

/** "1.00" or "1" as 100n. */
export function cents(amount: string): bigint {
  const minor = parseAmount(amount, 'EUR');
  if (typeof minor === 'bigint') return minor;
  throw new Error(`Bug: ${amount} is ${minor}`);
}
