import type { Comparison, Totals } from './comparison.js';
import { differences, type Difference } from './differences.js';
import { judge, type Judgement } from './judge.js';
import { inRanges, upTo } from './ranges.js';
import { Report } from './report.js';
import { Side } from './side.js';
import { Tally } from './tally.js';

export interface CompareOptions {
  /** Base URL of the payments service. */
  payments: string;
  /** Base URL of the ledger service. */
  ledger: string;
  signal?: AbortSignal;
  /** How many rows of the ledger are held at a time: what bounds the memory. Default 20,000. */
  rangeRows?: number;
}

const defaultRangeRows = 20_000;
const lookUpsInOne = 100;

/**
 * Compares what payments accepted with what the ledger posted, row by row, in constant memory, while both go on working.
 * @throws SideUnreachable a side did not answer, or not to its end: then nothing is known about the ledgers
 */
export async function compare(options: CompareOptions): Promise<Comparison> {
  const ledger = new Side('ledger', options.ledger, options.signal);
  const payments = new Side('payments', options.payments, options.signal);
  const { rangeRows = defaultRangeRows } = options;
  return (await agreementByDigest(ledger, payments)) ?? (await rowByRow(ledger, payments, rangeRows));
}

/** Two equal digests spare reading every row. */
async function agreementByDigest(ledger: Side, payments: Side): Promise<Comparison | undefined> {
  const posted = await ledger.digest(); // first: what is posted from now on was accepted before payments is read
  if (posted === undefined) return undefined;
  const accepted = await payments.digest();
  if (accepted === undefined || JSON.stringify(posted) !== JSON.stringify(accepted)) return undefined;
  const [ledgerStats, paymentsStats] = [await ledger.stats(), await payments.stats()];
  // They were read later than the digests: only figures that match may stand beside "agree".
  if (ledgerStats.count !== paymentsStats.count || !sameTotals(ledgerStats.totals, paymentsStats.totals))
    return undefined;
  return new Report().comparison(paymentsStats, ledgerStats);
}

async function rowByRow(ledger: Side, payments: Side, rangeRows: number): Promise<Comparison> {
  const [posted, accepted, report] = [new Tally(), new Tally(), new Report()];
  for await (const difference of lookedUp(
    differencesBetween(ledger, payments, posted, accepted, rangeRows),
    ledger,
    payments,
  )) {
    if (difference.kind === 'posted-meanwhile') posted.add(difference.row);
    else if (difference.kind !== 'gone') report.add(difference);
  }
  return report.comparison(accepted.balance(), posted.balance());
}

/**
 * Range by range, the ledger's part first: a payment is accepted before it is posted, so what is posted while the two
 * are read never looks unexpected.
 */
async function* differencesBetween(
  ledger: Side,
  payments: Side,
  posted: Tally,
  accepted: Tally,
  rangeRows: number,
): AsyncGenerator<Difference, void> {
  for await (const { rows, after, to } of inRanges(posted.over(ledger.export()), rangeRows))
    yield* differences(accepted.over(upTo(payments.export(after), to)), iterated(rows));
}

async function* iterated<Item>(items: Iterable<Item>): AsyncGenerator<Item, void> {
  yield* items;
}

/** Looks the payment of each difference up again by id, many in one request: at the ledger first, then at payments. */
async function* lookedUp(
  found: AsyncIterable<Difference>,
  ledger: Side,
  payments: Side,
): AsyncGenerator<Judgement, void> {
  for await (const batch of batches(found, lookUpsInOne)) {
    const ids = [...new Set(batch.map(({ row }) => row.paymentId))];
    const atLedger = Map.groupBy(await ledger.stations(ids), ({ paymentId }) => paymentId);
    const atPayments = Map.groupBy(await payments.stations(ids), ({ paymentId }) => paymentId);
    for (const difference of batch) {
      const { paymentId } = difference.row;
      yield judge(difference, {
        ledger: atLedger.get(paymentId) ?? [],
        payments: atPayments.get(paymentId) ?? [],
      });
    }
  }
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

/** A currency that is not named is one of which there is nothing. */
function sameTotals(a: Totals, b: Totals): boolean {
  const nothing = /^0(\.0*)?$/;
  const part = (totals: Totals, currency: string) =>
    nothing.test(totals[currency] ?? '0') ? '0' : totals[currency];
  return Object.keys({ ...a, ...b }).every((currency) => part(a, currency) === part(b, currency));
}
