import { parkReasons, type ParkedFilter } from '@paid-once/inbox';
import { WrittenNumber } from '@paid-once/service';
import { z } from 'zod';

const text = (length: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(length)
    .regex(/^[^\p{Cc}]*$/u, 'has control characters');

const integer = (bounds: { min: number; max: number }) =>
  z
    .instanceof(WrittenNumber, { error: 'is no number' })
    .transform(({ text: written }) => Number(written))
    .pipe(z.int().min(bounds.min).max(bounds.max));

const intervention = {
  by: text(200),
  why: text(1_000),
  reason: z.enum(parkReasons).optional(),
  payments: z.array(z.string().max(200)).min(1).max(1_000).optional(),
  ids: z
    .array(z.string().regex(/^\d{1,18}$/))
    .min(1)
    .max(1_000)
    .optional(),
  all: z.literal(true).optional(),
};

interface Asked {
  reason?: string;
  payments?: string[];
  ids?: string[];
  all?: true;
}

const selectsOnce = ({ reason, payments, ids, all }: Asked): boolean =>
  [reason, payments, ids, all].filter((selection) => selection !== undefined).length === 1;
const selectOnce = 'give exactly one of reason, payments, ids and all';

export const redriveRequest = z
  .strictObject({ ...intervention, limit: integer({ min: 1, max: 500 }).default(500) })
  .refine(selectsOnce, selectOnce);

export const dropRequest = z
  .strictObject({ ...intervention, expect: integer({ min: 0, max: 2_000_000_000 }) })
  .refine(selectsOnce, selectOnce);

export function filterOf({ reason, payments, ids }: Asked): ParkedFilter {
  if (reason !== undefined) return { reason };
  if (payments) return { keys: payments };
  return ids ? { ids } : { all: true };
}
