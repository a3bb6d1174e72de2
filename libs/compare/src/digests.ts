import { beforeAll, afterAll, uuidBefore, type IdRange } from './id-range.js';
import { PageSize } from './page-size.js';

/** Runs one statement, in no transaction with any other. */
export type RunQuery = <Row>(sql: string, parameters: unknown[]) => Promise<Row[]>;

/** What `digestPageSql` answers; numbers as text. */
export interface DigestPart {
  bucket: string;
  currency: string;
  payments: string;
  reversals: string;
  sum_minor: string;
  net_minor: string;
  hash: string;
}

/** One line of `GET /digests`: equal buckets, equal rows; the order in which they were read does not matter. */
export interface Bucket {
  /** The first 8 or more hex digits that its payment ids have in common, without the dash. */
  bucket: string;
  /** Events: a payment and its reversal count as two. */
  count: number;
  payments: number;
  reversals: number;
  /** By currency, in minor units, net of reversals. */
  totals: Record<string, string>;
  /** 16 hex digits. */
  hash: string;
}

/** `GET /digest`. */
export interface Digest {
  count: string;
  /** Of the amounts of all events in minor units, all currencies. */
  sum: string;
  /** 16 hex digits. */
  hash: string;
}

export interface DigestSource {
  query: RunQuery;
  /** `pageEndSql` and `digestPageSql` of this side's table. */
  sql: { pageEnd: string; page: string };
  /** How many rows one statement reads at most: what bounds its time. Default 50,000, some 0.1 s. */
  pageRows?: number;
}

export interface DigestRange extends IdRange {
  /** Events with this message id and later ones are left out. */
  olderThan?: string | undefined;
}

/**
 * One digest for each bucket of payment ids that holds an event, in order. No snapshot is held between pages, and what
 * is kept is the bucket that may go on in the next page.
 * @param digits how many hex digits of a payment id make its bucket: 8 are 65.5 s, 10 are 256 ms
 * @returns after each page those buckets that are whole now; maybe none
 */
export async function* bucketPages(
  source: DigestSource,
  range: DigestRange,
  digits: number,
): AsyncGenerator<Bucket[], void> {
  let open: BucketSum | undefined;
  for await (const parts of partPages(source, range, digits)) {
    const whole: Bucket[] = [];
    for (const part of parts) {
      if (open !== undefined && open.name !== part.bucket) {
        whole.push(open.bucket());
        open = undefined;
      }
      open ??= new BucketSum(part.bucket);
      open.add(part);
    }
    yield whole;
  }
  if (open !== undefined) yield [open.bucket()];
}

/**
 * Count of events, sum of their amounts (minor units, all currencies) and order-free hash, all text.
 * @param from the first payment id; @param to the one after the last; undefined for all
 */
export async function digestOf(
  source: DigestSource,
  from: string | undefined,
  to: string | undefined,
): Promise<Digest> {
  const range = { after: from && uuidBefore(from), until: to && uuidBefore(to) };
  let [count, sum, hash] = [0n, 0n, 0n];
  for await (const parts of partPages(source, range, 8))
    for (const part of parts) {
      count += BigInt(part.payments) + BigInt(part.reversals);
      sum += BigInt(part.sum_minor);
      hash += BigInt(part.hash);
    }
  return { count: String(count), sum: String(sum), hash: hexOf(hash) };
}

async function* partPages(
  { query, sql, pageRows = 50_000 }: DigestSource,
  { after = beforeAll, until = afterAll, olderThan }: DigestRange,
  digits: number,
): AsyncGenerator<DigestPart[], void> {
  const size = new PageSize(pageRows / 4, Math.min(pageRows, 500), pageRows);
  for (let from = after; ;) {
    const { parts, to } = await size.timed(async (rows) => {
      const [end] = await query<{ payment_id: string }>(sql.pageEnd, [from, until, rows]);
      const last = end?.payment_id ?? until;
      return {
        parts: await query<DigestPart>(sql.page, [from, last, olderThan ?? null, digits]),
        to: end?.payment_id,
      };
    });
    yield parts;
    if (to === undefined) return;
    from = to;
  }
}

class BucketSum {
  private payments = 0;
  private reversals = 0;
  private hash = 0n;
  private readonly net = new Map<string, bigint>();

  constructor(readonly name: string) {}

  add(part: DigestPart): void {
    this.payments += Number(part.payments);
    this.reversals += Number(part.reversals);
    this.hash += BigInt(part.hash);
    this.net.set(part.currency, (this.net.get(part.currency) ?? 0n) + BigInt(part.net_minor));
  }

  bucket(): Bucket {
    const byCurrency = [...this.net].sort(([a], [b]) => (a < b ? -1 : 1));
    return {
      bucket: this.name,
      count: this.payments + this.reversals,
      payments: this.payments,
      reversals: this.reversals,
      totals: Object.fromEntries(byCurrency.map(([currency, minor]) => [currency, String(minor)])),
      hash: hexOf(this.hash),
    };
  }
}

function hexOf(sum: bigint): string {
  return BigInt.asUintN(64, sum).toString(16).padStart(16, '0');
}
