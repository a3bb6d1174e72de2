import { z } from 'zod';
import { call } from './services.js';

const heads = z.object({
  shards: z.number(),
  heads: z.array(z.object({ shard: z.number(), seq: z.string(), hash: z.string() })),
});
export type ChainHead = z.infer<typeof heads>['heads'][number];

const verified = z.object({
  next: z.string().nullable(),
  links: z.number(),
  transfers: z.number(),
  faults: z.array(z.object({ seq: z.string().nullable(), fault: z.string() })),
});

export interface Verification {
  links: number;
  transfers: number;
  /** As they were when the verification began. */
  heads: ChainHead[];
  /** At most 100 of them. */
  faults: { shard: number; link: string | null; fault: string }[];
}

const mostFaults = 100;
/** A few hundred links, recomputed. */
const answerMs = 60_000;

/** The newest link of each shard's chain of transfers. @throws CliFailure */
export async function chainHeads(ledgerUrl: string, signal?: AbortSignal): Promise<z.infer<typeof heads>> {
  return call('ledger', ledgerUrl, { path: '/chain', ...(signal && { signal }) }, heads);
}

/**
 * Recomputes the chain of each shard from its transfers.
 * @param onProgress told how many of the links that there were at the beginning are done
 * @throws CliFailure the ledger does not answer
 */
export async function verifyChains(
  ledgerUrl: string,
  signal: AbortSignal,
  onProgress: (done: number, total: number) => void,
): Promise<Verification> {
  const { shards, heads: before } = await chainHeads(ledgerUrl, signal);
  const total = before.reduce((sum, { seq }) => sum + Number(seq), 0);
  const done: Verification = { links: 0, transfers: 0, heads: before, faults: [] };
  for (let shard = 0; shard < shards; shard++) {
    for (let after: string | null = '0'; after !== null;) {
      const path = `/chain/links?shard=${shard}&after=${after}`;
      const part: z.infer<typeof verified> = await call(
        'ledger',
        ledgerUrl,
        { path, signal, answerMs },
        verified,
      );
      done.links += part.links;
      done.transfers += part.transfers;
      const found = part.faults.map(({ seq, fault }) => ({ shard, link: seq, fault }));
      done.faults.push(...found.slice(0, mostFaults - done.faults.length));
      onProgress(Math.min(done.links, total), total);
      after = part.next;
    }
  }
  return done;
}

/** For people: enough of each head to tell it from another one. */
export function headsLine(chain: ChainHead[]): string {
  return chain.map(({ shard, seq, hash }) => `${shard}: ${seq}/${hash.slice(0, 12)}`).join('  ');
}
