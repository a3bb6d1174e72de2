import { paymentEventTypes } from '@paid-once/contracts';
import { z } from 'zod';
import type { Bucket } from './digests.js';
import type { Stats } from './stats.js';

/** `GET /stats`: payments, and their totals in major units net of reversals. */
export const stats: z.ZodType<Stats> = z.object({
  count: z.number(),
  totals: z.record(z.string(), z.string()),
  reversals: z.number().default(0),
});

/** A line of `GET /digests`. */
export const bucket: z.ZodType<Bucket> = z.object({
  bucket: z.string().regex(/^[0-9a-f]{8,12}$/),
  count: z.number(),
  payments: z.number(),
  reversals: z.number(),
  totals: z.record(z.string(), z.string().regex(/^-?\d+$/)),
  hash: z.string(),
});

/** `GET /stations?payment=`: where an event of a payment is now, since when (ISO 8601) and why. */
export const station = z.object({
  paymentId: z.string(),
  type: z.enum(paymentEventTypes),
  station: z.enum(['outbox', 'published', 'dead-lettered', 'posted', 'parked', 'waiting']),
  reason: z.string().nullish(),
  messageId: z.string().nullish(),
  since: z.string().nullish(),
  /** Who gave it up, and why; nothing of what nobody gave up. */
  droppedBy: z.string().nullish(),
  droppedWhy: z.string().nullish(),
  /** Only if a marker was named: it was published before the marker was. */
  beforeMarker: z.boolean().nullish(),
});
export type Station = z.infer<typeof station>;

/** `GET /digests/bound`: the message id that was the newest possible one at that time. */
export const bound = z.object({ olderThan: z.string(), at: z.string() });
export type Bound = z.infer<typeof bound>;
