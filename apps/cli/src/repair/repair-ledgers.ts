import { compare, Markers, type BreakRow, type Comparison, type Totals } from '@paid-once/compare';
import { pause } from '@paid-once/service/basics';
import { compareUntilAgreed, type CompareUntilAgreed } from '../compare-until-agreed.js';
import { redriveParked, type Redriven } from '../dead/redrive.js';
import { requestReplay } from '../interventions/request-replay.js';
import { sumOfMoney } from '../output/sums.js';
import type { Requester } from '../requester.js';
import { apiKey } from '../credential.js';
import { sideOf } from '../side-of.js';

export interface RepairOptions extends CompareUntilAgreed {
  signal: AbortSignal;
  who: Requester;
}

/** What a repair did. Counts are events; money is that of their payments, net of reversals. */
export interface Repaired {
  /** A marker came through: without one nothing can be called missing. */
  markerArrived: boolean;
  /** Published again because they were missing. */
  replayed: Part;
  /** Parked ones that the ledger was asked to try again. */
  retried: Part & Omit<Redriven, 'untrusted'>;
  /** Published again because the ledger's copy of them is broken. */
  copied: Part;
  /** Payments that were to be published again and nobody ever accepted. */
  notInHistory: string[];
}

interface Part {
  count: number;
  totals: Totals;
}

/** What is parked for one of these was damaged, or may have been, or is not ours: the outbox's own copy may be taken. */
const brokenCopies = new Set([
  'unreadable',
  'no-identity',
  'invalid',
  'unsupported',
  'dead-lettered',
  'forged',
]);

/** As many as one request takes, and the ledger tries in one transaction. */
const portion = 500;
const stationsInOne = 100;
const betweenLooksMs = 200;

/**
 * Has published again what is missing, and tries again what is parked; then compares until the ledgers agree or the time is
 * over. What is repaired is only what was accepted before it began, so it ends while payments flow. It may run again, and
 * beside another: what is published twice is posted once.
 * @throws SideUnreachable | CliFailure a service did not answer: what was asked for before is done all the same
 */
export async function repairLedgers(
  options: RepairOptions,
): Promise<{ comparison: Comparison; repaired: Repaired }> {
  const { timeoutMs, payments, ledger, signal, onWaiting = () => {} } = options;
  const until = performance.now() + timeoutMs;
  const olderThan = options.olderThan ?? (await sideOf('payments', payments, signal).bound(0)).olderThan;
  const markers = new Markers({ payments, ledger, signal, key: apiKey() });
  if (options.sendMarkers !== false)
    while (!(await markers.look()) && performance.now() < until) {
      onWaiting('a marker to come through outbox, broker and inbox');
      await pause(betweenLooksMs, signal);
      signal.throwIfAborted();
    }
  const repair = new Repair(options, markers.arrived !== undefined);
  await compare({
    payments,
    ledger,
    signal,
    key: apiKey(),
    olderThan,
    markers: markers.arrived,
    onBreak: (row) => repair.take(row),
  });
  await repair.flush();
  // What was asked for takes its time, also when the marker took most of it.
  const leftMs = Math.max(until - performance.now(), repair.asked ? timeoutMs / 2 : 0);
  const comparison = await compareUntilAgreed({ ...options, olderThan, timeoutMs: leftMs });
  return { comparison, repaired: repair.done };
}

/** Takes breaks as they are found and asks for what helps, in portions: only these are held. */
class Repair {
  readonly done: Repaired;
  private missing: BreakRow[] = [];
  private parked: BreakRow[] = [];

  constructor(
    private readonly options: RepairOptions,
    markerArrived: boolean,
  ) {
    const none = () => ({ count: 0, totals: {} });
    const redriven = { posted: 0, repeated: 0, parkedAgain: {} };
    this.done = {
      markerArrived,
      replayed: none(),
      retried: { ...none(), ...redriven },
      copied: none(),
      notInHistory: [],
    };
  }

  /** Whether anything was asked for. */
  get asked(): boolean {
    const { replayed, retried, copied } = this.done;
    return replayed.count + retried.count + copied.count > 0;
  }

  async take(row: BreakRow): Promise<void> {
    if (row.dropped) return; // to try it again would undo what a person decided
    if (row.kind === 'missing') this.missing.push(row);
    else if (row.kind === 'parked') this.parked.push(row);
    if (this.missing.length >= portion) await this.replayMissing();
    if (this.parked.length >= portion) await this.retryParked();
  }

  async flush(): Promise<void> {
    await this.replayMissing();
    await this.retryParked();
  }

  private async replayMissing(): Promise<void> {
    const rows = this.missing.splice(0);
    await this.replay(rows);
    add(this.done.replayed, rows);
  }

  private async retryParked(): Promise<void> {
    const rows = this.parked.splice(0);
    if (rows.length === 0) return;
    const { ledger, who, signal } = this.options;
    const { posted, repeated, parkedAgain } = await redriveParked(ledger, { payments: idsOf(rows) }, who, {
      rate: portion,
      onPortion: () => {},
      signal,
    });
    const { retried } = this.done;
    add(retried, rows);
    retried.posted += posted;
    retried.repeated += repeated;
    for (const [reason, count] of Object.entries(parkedAgain))
      retried.parkedAgain[reason] = (retried.parkedAgain[reason] ?? 0) + count;
    const broken = await this.stillBroken(rows);
    await this.replay(broken);
    add(this.done.copied, broken);
  }

  /** Those that stay parked for a reason that lies in the copy the ledger was sent. */
  private async stillBroken(rows: BreakRow[]): Promise<BreakRow[]> {
    const side = sideOf('ledger', this.options.ledger, this.options.signal);
    const broken = new Set<string>();
    const ids = idsOf(rows);
    for (let index = 0; index < ids.length; index += stationsInOne) {
      const stations = await side.stations(ids.slice(index, index + stationsInOne));
      const name = ({ paymentId, type }: { paymentId: string; type: string }) => `${paymentId}/${type}`;
      const settled = stations.filter(({ station, droppedBy }) => station === 'posted' || droppedBy);
      const isSettled = new Set(settled.map(name));
      for (const at of stations)
        if (at.station === 'parked' && brokenCopies.has(at.reason ?? '') && !isSettled.has(name(at)))
          broken.add(name(at));
    }
    return rows.filter(({ paymentId, type }) => broken.has(`${paymentId}/${type}`));
  }

  private async replay(rows: BreakRow[]): Promise<void> {
    if (rows.length === 0) return;
    const { payments, who, signal } = this.options;
    const requested = await requestReplay(payments, { payments: idsOf(rows) }, who, signal);
    this.done.notInHistory.push(...requested.notInHistory);
  }
}

function idsOf(rows: readonly BreakRow[]): string[] {
  return [...new Set(rows.map(({ paymentId }) => paymentId))];
}

function add(part: Part, rows: readonly BreakRow[]): void {
  part.count += rows.length;
  const money = rows.map(({ amount, currency, type }) => ({
    [currency]: type === 'payment.reversed' ? `-${amount}` : amount,
  }));
  part.totals = sumOfMoney([part.totals, ...money]);
}
