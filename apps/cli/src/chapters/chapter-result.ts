import { z } from 'zod';

/** How many, and how much money, with two decimals. */
const amount = z.object({ count: z.number(), euros: z.string() });
export type Amount = z.infer<typeof amount>;

const hop = z.object({
  /** What should have arrived: rows of the file, or payments that were accepted. */
  intended: z.number(),
  /** What is there: payments, or transfers. */
  recorded: z.number(),
  /** Intended, and not there at all. */
  lost: amount,
  /** There once more than intended; three times is two. */
  twice: amount,
});
export type Hop = z.infer<typeof hop>;

/** What one chapter came to: an element of what `chapters --json` prints. */
export const chapterResult = z.object({
  chapter: z.union([z.literal(1), z.literal(2), z.literal(3), z.literal(4)]),
  attempts: z.number(),
  /** From the rows of the file to the payments that were accepted. */
  clientHop: hop,
  /** From the payments that were accepted to the transfers of the ledger. */
  ledgerHop: hop,
  /** Of whole rows, from the first attempt to the last answer. */
  p50Ms: z.number(),
  p95Ms: z.number(),
  /** Payments answered 2xx per second of paying. */
  perSecond: z.number(),
  /** For each row of the file, with the background's polls. */
  cost: z.object({ statements: z.number(), messages: z.number(), attempts: z.number() }),
});
export type ChapterResult = z.infer<typeof chapterResult>;
