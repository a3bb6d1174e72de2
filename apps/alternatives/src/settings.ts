import { integer } from '@paid-once/service/basics';
import { z } from 'zod';

/** What both measurements read. */
export const alternativeSettings = z.object({
  /** How many payments each measurement takes. */
  PAID_ONCE_ROWS: integer({ min: 8, max: 10_000, otherwise: 200 }),
  /** `never` forbids to install what is missing. */
  PAID_ONCE_INSTALL: z.enum(['auto', 'never'], { error: 'is neither auto nor never' }).default('auto'),
  PAID_ONCE_LIFELINE: z.enum(['stdin'], { error: 'is not stdin' }).optional(),
});
