import { z } from 'zod';
import { counted } from '../output/words.js';

/** What setup has done to an outbox that was restored into another server; absent where it did not have to. */
export const rebased = z.object({ rows: z.number(), shards: z.number(), systemIdentifier: z.string() });
export type Rebased = z.infer<typeof rebased>;

/** What it means for the money, and what to do next. */
export function rebasedLines({ rows }: Rebased): string[] {
  return [
    `the outbox comes from another server (a restore), so it was rebased: ${counted(rows, 'message')} of its history`,
    '  money: nothing is lost and nothing is paid twice. All of it is published again; the ledger knows what it has posted',
    '  next: nothing, the relay goes on by itself',
  ];
}
