import { paymentEventTypes } from '@paid-once/contracts';
import { z } from 'zod';

/** One line of `GET /export`, which both services answer in the order of payment id and type. */
export const exportRow = z.object({
  paymentId: z.string(),
  type: z.enum(paymentEventTypes),
  messageId: z.string().nullish(),
  src: z.string(),
  dest: z.string(),
  amountMinor: z.string().regex(/^\d+$/),
  currency: z.string(),
});
export type ExportRow = z.infer<typeof exportRow>;

/** Negative, zero or positive, like the order of the export: canonical UUIDs and the two types sort as text does. */
export function compareEvents(a: ExportRow, b: ExportRow): number {
  return compareText(a.paymentId, b.paymentId) || compareText(a.type, b.type);
}

export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
