import { isUuidV7, plainText, requester } from '@paid-once/contracts';
import type { DeadLetterFilter, Requester } from '@paid-once/outbox';
import { wholeNumber } from '@paid-once/service';
import { z } from 'zod';

const mostPayments = 1_000;
const tenYearsInSeconds = 315_360_000;

const payments = z
  .array(z.string().refine(isUuidV7, 'must be the id of a payment').meta({ format: 'uuid' }))
  .min(1)
  .max(mostPayments)
  .transform((ids) => [...new Set(ids)])
  .optional();

interface Which {
  all?: true | undefined;
  reason?: string | undefined;
  payments?: string[] | undefined;
  sinceSeconds?: number | undefined;
}

const namesOne = ({ all, reason, payments: ids, sinceSeconds }: Which): boolean =>
  [all, reason, ids, sinceSeconds].filter((which) => which !== undefined).length === 1;

/** `POST /outbox/replays` */
export const replayRequest = z
  .strictObject({
    ...requester,
    payments,
    sinceSeconds: wholeNumber({ min: 1, max: tenYearsInSeconds }).optional(),
  })
  .refine(namesOne, 'give either payments or sinceSeconds');

const deadLetters = {
  ...requester,
  payments,
  reason: plainText(1_000).optional(),
  all: z.literal(true).optional(),
};
const whichDeadLetters = 'give one of payments, reason, and "all": true';

/** `POST /outbox/dead-letters/redrive` */
export const redriveRequest = z.strictObject(deadLetters).refine(namesOne, whichDeadLetters);

/** `POST /outbox/dead-letters/drop` */
export const dropRequest = z
  .strictObject({ ...deadLetters, expect: wholeNumber({ min: 0, max: 2_000_000_000 }) })
  .refine(namesOne, whichDeadLetters);

export function filterOf({ reason, payments: keys }: Which): DeadLetterFilter {
  if (reason !== undefined) return { reason };
  return keys ? { keys } : { all: true };
}

export const requesterOf = ({ by, why }: Requester): Requester => ({ by, why });
