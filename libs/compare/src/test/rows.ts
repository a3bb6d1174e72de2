import type { ExportRow } from '../export-row.js';

/** Ids in order: a later index is a later payment. */
export function paymentIdOf(index: number): string {
  return `019a0000-0000-7000-8000-${index.toString(16).padStart(12, '0')}`;
}

export function eventRow(index: number, changes: Partial<ExportRow> = {}): ExportRow {
  const paymentId = paymentIdOf(index);
  const row: ExportRow = {
    paymentId,
    type: 'payment.accepted',
    messageId: paymentId.replace('-8000-', '-9000-'),
    src: 'bianca',
    dest: 'marc',
    amountMinor: '100',
    currency: 'EUR',
  };
  return { ...row, ...changes };
}

export async function* stream<Item>(items: Iterable<Item>): AsyncGenerator<Item, void> {
  yield* items;
}

/** Ids of payments that are so many milliseconds apart: they fall into several buckets. */
export function spreadId(index: number, apartMs: number): string {
  const ms = (0x19a_0000_0000 + index * apartMs).toString(16).padStart(12, '0');
  return `${ms.slice(0, 8)}-${ms.slice(8)}-7000-8000-${index.toString(16).padStart(12, '0')}`;
}
