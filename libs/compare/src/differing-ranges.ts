import type { Bucket } from './digests.js';
import { idsOf } from './id-range.js';

export interface DifferingRange {
  after: string;
  until: string;
  /** How many events the longer of the two sides had there. */
  rows: number;
}

/**
 * Merge-joins the digests of two sides, in constant memory. Neighbours that differ make one range.
 *
 * Each side's digests are computed at its own time, so what happens meanwhile shows as a difference. That costs a look at
 * the rows, and nothing else: events are only ever added, so buckets that are equal hold the same events.
 * @param agreed called with each bucket that both sides have and that is the same
 * @throws Error a side is not in order: then nothing it says about agreement could be believed
 */
export async function* differingRanges(
  payments: AsyncIterable<Bucket>,
  ledger: AsyncIterable<Bucket>,
  agreed: (bucket: Bucket) => void,
): AsyncGenerator<DifferingRange, void> {
  const [left, right] = [inOrder(payments, 'payments'), inOrder(ledger, 'the ledger')];
  let open: DifferingRange | undefined;
  try {
    // Both at once: each side's database computes while the other's does.
    let [accepted, posted] = await Promise.all([next(left), next(right)]);
    while (accepted !== undefined || posted !== undefined) {
      const name = firstOf(accepted, posted);
      const [hereAccepted, herePosted] = [at(name, accepted), at(name, posted)];
      if (hereAccepted !== undefined && herePosted !== undefined && equal(hereAccepted, herePosted)) {
        if (open !== undefined) yield open;
        open = undefined;
        agreed(hereAccepted);
      } else {
        const { after, until } = idsOf(name);
        const rows = Math.max(hereAccepted?.count ?? 0, herePosted?.count ?? 0);
        open =
          open === undefined ? { after, until, rows } : { after: open.after, until, rows: open.rows + rows };
      }
      [accepted, posted] = await Promise.all([
        hereAccepted === undefined ? accepted : next(left),
        herePosted === undefined ? posted : next(right),
      ]);
    }
    if (open !== undefined) yield open;
  } finally {
    void Promise.allSettled([left.return(), right.return()]); // not awaited: one may still wait for its line
  }
}

function firstOf(a: Bucket | undefined, b: Bucket | undefined): string {
  if (a === undefined || b === undefined) return (a ?? b)?.bucket ?? '';
  return a.bucket < b.bucket ? a.bucket : b.bucket;
}

function at(name: string, bucket: Bucket | undefined): Bucket | undefined {
  return bucket?.bucket === name ? bucket : undefined;
}

function equal(a: Bucket, b: Bucket): boolean {
  const currencies = Object.keys({ ...a.totals, ...b.totals });
  return (
    a.hash === b.hash &&
    a.payments === b.payments &&
    a.reversals === b.reversals &&
    currencies.every((currency) => a.totals[currency] === b.totals[currency])
  );
}

async function next(buckets: AsyncGenerator<Bucket, void>): Promise<Bucket | undefined> {
  const { value, done } = await buckets.next();
  return done ? undefined : value;
}

async function* inOrder(buckets: AsyncIterable<Bucket>, side: string): AsyncGenerator<Bucket, void> {
  let last: string | undefined;
  for await (const bucket of buckets) {
    if (last !== undefined && last >= bucket.bucket)
      throw new Error(`Bug: ${side} sent the digest of ${bucket.bucket} after ${last}`);
    last = bucket.bucket;
    yield bucket;
  }
}
