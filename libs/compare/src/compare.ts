import type { BreakRow, Comparison } from './comparison.js';
import { differences, type Difference } from './differences.js';
import { differingRanges } from './differing-ranges.js';
import type { Bucket, DigestRange } from './digests.js';
import type { ExportRow } from './export-row.js';
import { uuidBefore } from './id-range.js';
import { judge, type Judgement, type LookedUp } from './judge.js';
import { inRanges } from './ranges.js';
import { Report } from './report.js';
import { Side } from './side.js';
import { Tally } from './tally.js';

export interface CompareOptions {
  /** Base URL of the payments service. */
  payments: string;
  /** Base URL of the ledger service. */
  ledger: string;
  signal?: AbortSignal;
  /** Only events with a smaller message id are compared; see `Side.bound`. */
  olderThan?: string | undefined;
  /** An API key with the scope `operate` on both sides; lab mode needs none. */
  key?: string | undefined;
  /** A set of markers that the ledger has, see `Markers`: what was published before them and is nowhere is missing. */
  markers?: string | undefined;
  /** Is given each break, in the order of payment id and type; the comparison waits for it. */
  onBreak?: ((row: BreakRow) => Promise<void> | void) | undefined;
  /** How many rows of the ledger are held at a time: what bounds the memory. Default 20,000. */
  rangeRows?: number;
  /** Differing ranges with more rows are looked at in finer digests first, before their rows are read. Default 2,000. */
  fewRows?: number;
}

const defaults = { rangeRows: 20_000, fewRows: 2_000 };
const lookUpsInOne = 100;
/** Hex digits of a payment id: buckets of 65.5 s, then of 256 ms. */
const [coarse, fine] = [8, 10];

/**
 * Compares what payments accepted with what the ledger posted, in constant memory, while both go on working: by digests
 * where they are equal, row by row where they are not.
 * @throws SideUnreachable a side did not answer, or not to its end: then nothing is known about the ledgers
 */
export async function compare(options: CompareOptions): Promise<Comparison> {
  return await new Comparing({ ...defaults, ...options }).run();
}

class Comparing {
  private readonly ledger: Side;
  private readonly payments: Side;
  private readonly posted = new Tally();
  private readonly accepted = new Tally();
  private readonly report = new Report();

  constructor(private readonly options: CompareOptions & typeof defaults) {
    this.ledger = new Side('ledger', options.ledger, options.signal, options.key);
    this.payments = new Side('payments', options.payments, options.signal, options.key);
  }

  async run(): Promise<Comparison> {
    for await (const judgement of this.lookedUp(this.differences())) {
      if (judgement.kind === 'gone' || judgement.kind === 'posted-meanwhile') continue;
      const row = this.report.add(judgement);
      await this.options.onBreak?.(row);
    }
    return this.report.comparison(this.accepted.balance(), this.posted.balance());
  }

  /** Coarse digests of everything, finer ones of what differs, then the rows of what differs still. */
  private async *differences(): AsyncGenerator<Difference, void> {
    const { olderThan, fewRows } = this.options;
    for await (const range of this.differingIn({ olderThan }, coarse)) {
      const within = { ...range, olderThan };
      const parts = range.rows > fewRows ? this.differingIn(within, fine) : [within];
      for await (const { after, until } of parts) yield* this.rowByRow({ after, until, olderThan });
    }
  }

  private differingIn(range: DigestRange, digits: number) {
    return differingRanges(
      this.payments.digests(range, digits),
      this.ledger.digests(range, digits),
      (bucket: Bucket) => {
        this.accepted.addBucket(bucket);
        this.posted.addBucket(bucket);
      },
    );
  }

  /**
   * The ledger's part first: a payment is accepted before it is posted, so what is posted while the two are read never
   * looks unexpected.
   */
  private async *rowByRow(range: DigestRange): AsyncGenerator<Difference, void> {
    const posted = this.posted.over(this.ledger.export(range));
    for await (const { rows, after = range.after, to: until = range.until } of inRanges(
      posted,
      this.options.rangeRows,
    ))
      yield* differences(
        this.accepted.over(this.payments.export({ ...range, after, until })),
        iterated(rows),
      );
  }

  /** Looks the payment of each difference up again by id, many in one request: at the ledger first, then at payments. */
  private async *lookedUp(found: AsyncIterable<Difference>): AsyncGenerator<Judgement, void> {
    for await (const batch of batches(found, lookUpsInOne)) {
      const ids = [...new Set(batch.map(({ row }) => row.paymentId))];
      const atLedger = Map.groupBy(await this.ledger.stations(ids), ({ paymentId }) => paymentId);
      const answers = await this.payments.stations(ids, this.options.markers);
      const atPayments = Map.groupBy(answers, ({ paymentId }) => paymentId);
      for (const difference of batch) {
        const { paymentId } = difference.row;
        const known = { ledger: atLedger.get(paymentId) ?? [], payments: atPayments.get(paymentId) ?? [] };
        const judgement = judge(difference, known);
        if (judgement.kind === 'posted-meanwhile') yield* this.postedMeanwhile(difference.row, known);
        else yield judgement;
      }
    }
  }

  /** That it is posted now does not tell with which amount, nor how often. */
  private async *postedMeanwhile(row: ExportRow, known: LookedUp): AsyncGenerator<Judgement, void> {
    const { paymentId, type } = row;
    const ofPayment = this.ledger.export({ after: uuidBefore(paymentId), until: paymentId });
    const posted = this.posted.over(only(ofPayment, type));
    for await (const difference of differences(iterated([row]), posted)) yield judge(difference, known);
  }
}

async function* only(
  rows: AsyncIterable<ExportRow>,
  type: ExportRow['type'],
): AsyncGenerator<ExportRow, void> {
  for await (const row of rows) if (row.type === type) yield row;
}

async function* iterated<Item>(items: Iterable<Item>): AsyncGenerator<Item, void> {
  yield* items;
}

async function* batches<Item>(items: AsyncIterable<Item>, size: number): AsyncGenerator<Item[], void> {
  let batch: Item[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
