import { formatAmount, uuidV7TimeMs } from '@paid-once/contracts';
import { z } from 'zod';
import { call, Refused } from '../../cli/src/services.js';
import { sideOf } from '../../cli/src/side-of.js';
import type { LedgerRow } from './api.js';

/** So long, in milliseconds, payments are read one after the other, and so many are shown. */
const limits = { readMs: 2_000, found: 50 };

const listed = z.object({
  id: z.string(),
  src: z.string(),
  dest: z.string(),
  amount: z.string(),
  currency: z.string(),
  createdAt: z.string(),
});

/**
 * Accepted payments that somebody looks for: by id or idempotency key, which payments finds by an index, or by account or
 * exact amount, for which it has none. Whether the ledger agrees about them is for the caller to know.
 * @returns `notSearched`: what was left out because reading it all would take too long
 */
export async function findPayments(
  text: string,
  paymentsUrl: string,
  signal: AbortSignal,
): Promise<{ rows: LedgerRow[]; notSearched: string | null }> {
  const known = [...(await byId(text, paymentsUrl, signal)), ...(await byKey(text, paymentsUrl, signal))];
  return known.length > 0 ? { rows: known, notSearched: null } : byContents(text, paymentsUrl);
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

async function byId(text: string, url: string, signal: AbortSignal): Promise<LedgerRow[]> {
  if (!uuid.test(text)) return [];
  const path = `/payments/${text.toLowerCase()}`;
  const found = await call('payments', url, { path, signal }, listed).catch((error: unknown) => {
    if (!(error instanceof Refused)) throw error;
  });
  return found ? [rowOf(found)] : [];
}

async function byKey(text: string, url: string, signal: AbortSignal): Promise<LedgerRow[]> {
  if (!/^[\x21-\x7e]{1,255}$/.test(text)) return []; // no key looks like that
  const path = `/payments?key=${encodeURIComponent(text)}`;
  const { items } = await call('payments', url, { path, signal }, z.object({ items: z.array(listed) }));
  return items.map(rowOf);
}

async function byContents(text: string, url: string) {
  const rows: LedgerRow[] = [];
  const until = performance.now() + limits.readMs;
  let read = 0;
  for await (const { paymentId, type, src, dest, amountMinor, currency } of sideOf(
    'payments',
    url,
  ).export()) {
    const amount = formatAmount(BigInt(amountMinor), currency);
    const isWanted = type === 'payment.accepted' && isAbout({ paymentId, src, dest, amount }, text);
    if (isWanted)
      rows.push(
        rowOf({
          id: paymentId,
          src,
          dest,
          amount,
          currency,
          createdAt: new Date(uuidV7TimeMs(paymentId)).toISOString(),
        }),
      );
    read++;
    if (rows.length < limits.found && performance.now() < until) continue;
    const notSearched = `Accounts and amounts of the first ${read.toLocaleString('en')} events were looked at, not of those after them; ids and keys are always found.`;
    return { rows, notSearched };
  }
  return { rows, notSearched: null };
}

/** Part of an id or an account, or an exact amount; nothing: all. */
export function isAbout(
  row: { paymentId: string; messageId?: string | null; src: string; dest: string; amount: string },
  text: string,
): boolean {
  const wanted = text.toLowerCase();
  if (/^\d+(\.\d+)?$/.test(wanted) && Number(row.amount) === Number(wanted)) return true;
  return [row.paymentId, row.messageId ?? '', row.src, row.dest].some((each) =>
    each.toLowerCase().includes(wanted),
  );
}

function rowOf({ id, createdAt, ...payment }: z.infer<typeof listed>): LedgerRow {
  return {
    ...payment,
    paymentId: id,
    type: 'payment.accepted',
    at: createdAt,
    ledgerAmount: payment.amount,
    class: null,
    detail: null,
  };
}
