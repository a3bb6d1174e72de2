import { isPlainText, requester } from '@paid-once/contracts';
import { parkReasons, type ParkedFilter } from '@paid-once/inbox';
import { wholeNumber } from '@paid-once/service';
import { z } from 'zod';

const intervention = {
  ...requester,
  reason: z.enum(parkReasons).optional(),
  payments: z
    .array(z.string().max(200).refine(isPlainText, 'has control characters'))
    .min(1)
    .max(1_000)
    .optional(),
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
  .strictObject({ ...intervention, limit: wholeNumber({ min: 1, max: 500 }).default(500) })
  .refine(selectsOnce, selectOnce);

export const dropRequest = z
  .strictObject({ ...intervention, expect: wholeNumber({ min: 0, max: 2_000_000_000 }) })
  .refine(selectsOnce, selectOnce);

export function filterOf({ reason, payments, ids }: Asked): ParkedFilter {
  if (reason !== undefined) return { reason };
  if (payments) return { keys: payments };
  return ids ? { ids } : { all: true };
}
