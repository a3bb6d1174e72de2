import { Controller, Get, NotFoundException, Param, Query } from '@nestjs/common';
import { compare, type BreakRow } from '@paid-once/compare';
import { faultPresets } from '@paid-once/links';
import { readId } from '@paid-once/service';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { chapterResult } from '../../cli/src/chapters/chapter-result.js';
import { chapters } from '../../cli/src/chapters.js';
import { checkout } from '../../cli/src/checkout.js';
import { deadGroups } from '../../cli/src/dead/dead-letters.js';
import { meaningOf } from '../../cli/src/dead/reasons.js';
import { meaningsOf } from '../../cli/src/faults/meanings.js';
import { commandName } from '../../cli/src/settings.js';
import { lifeOf } from '../../cli/src/show/life.js';
import { whatIsKnown } from '../../cli/src/show/what-is-known.js';
import { sumOfMoney } from '../../cli/src/output/sums.js';
import type {
  AboutView,
  BreakName,
  CompareView,
  DeadView,
  LedgerRow,
  MeasuredRun,
  MeasuredView,
  PaymentLife,
  Point,
} from './api.js';
import { Control, done } from './control.js';
import { findPayments, isAbout } from './find.js';
import { Runs } from './runs.js';
import { plain } from './views.js';
import { Watch } from './watch.js';

const mostRows = 200;

/** What the page asks for when somebody looks closer. */
@Controller('api')
export class LookController {
  constructor(
    private readonly watch: Watch,
    private readonly control: Control,
    private readonly runs: Runs,
  ) {}

  @Get('about')
  about(): AboutView {
    return {
      chapters: chapters.map(({ chapter, name, leavesOut, shows }) => ({ chapter, name, leavesOut, shows })),
      presets: Object.entries(faultPresets).map(([name, { link, fault }]) => ({
        name,
        link,
        fault: plain(fault),
        means: meaningsOf(link, [fault.kind]).join(' '),
      })),
      command: commandName().command ?? 'npx paid-once',
      token: this.control.token,
    };
  }

  /** What came of the runs that were paid here. */
  @Get('runs')
  measuredRuns(): MeasuredRun[] {
    return this.runs.measured;
  }

  @Get('points')
  points(@Query('since') since: unknown): Point[] {
    return this.watch.points.since(typeof since === 'string' ? since : undefined);
  }

  /** Both ledgers, compared now, and where they differ. */
  @Get('compare')
  async compare(@Query('class') only: unknown, @Query('find') find: unknown): Promise<CompareView> {
    const wanted = typeof only === 'string' ? only : undefined;
    const text = typeof find === 'string' ? find.trim() : '';
    const rows: LedgerRow[] = [];
    const { payments, ledger } = this.control.urls;
    const found = await this.asked(() =>
      compare({
        payments,
        ledger,
        key: this.control.key,
        onBreak: (row) => {
          if (rows.length < mostRows && (wanted === undefined || row.kind === wanted) && isAbout(row, text))
            rows.push(rowOf(row));
        },
      }),
    );
    const classes = Object.entries(found.breaks).map(([name, { count, totals, oldestSeconds }]) => ({
      name: name as BreakName,
      title: titles[name as BreakName],
      count,
      totals,
      oldestSeconds,
    }));
    const others = await this.agreedAbout(text, wanted, rows);
    return {
      agree: found.agree,
      payments: found.payments,
      ledger: found.ledger,
      classes,
      rows: [...rows, ...others.rows],
      notSearched: others.notSearched,
    };
  }

  /** @param only of one class of breaks: then nothing else is looked for */
  private async agreedAbout(text: string, only: string | undefined, breaks: readonly LedgerRow[]) {
    if (text === '' || only !== undefined) return { rows: [], notSearched: null };
    const { payments } = this.control.urls;
    const found = await this.asked(() => findPayments(text, payments, AbortSignal.timeout(10_000)));
    const differing = new Set(breaks.map(({ paymentId }) => paymentId));
    return { ...found, rows: found.rows.filter(({ paymentId }) => !differing.has(paymentId)) };
  }

  /** One payment's life, from POST to transfer. */
  @Get('payments/:id')
  async payment(@Param('id') given: string): Promise<PaymentLife> {
    const id = readId('payment', given);
    const known = await this.asked(() => whatIsKnown(id, this.control.urls, AbortSignal.timeout(10_000)));
    const { payment } = known;
    return {
      paymentId: id,
      src: payment?.src ?? null,
      dest: payment?.dest ?? null,
      amount: payment?.amount ?? null,
      currency: payment?.currency ?? null,
      status: payment?.status ?? null,
      events: lifeOf(known).map(({ type, messageIds, now, steps }) => ({
        type,
        messageIds,
        now: now.says,
        steps: steps.map(({ at, afterMs, what, detail, by, why }) => ({
          at,
          afterMs,
          what,
          detail,
          by: by ?? null,
          why: why ?? null,
        })),
      })),
      curl: `curl ${this.control.shownUrl}/payments/${id}`,
    };
  }

  @Get('dead')
  async dead(): Promise<DeadView> {
    const groups = await this.asked(() => deadGroups(this.control.urls));
    const byReason = Map.groupBy(groups, ({ side, reason }) => `${side} ${reason}`);
    return {
      count: groups.reduce((sum, { count }) => sum + count, 0),
      groups: [...byReason.values()].flatMap((same) => {
        const [first] = same;
        if (!first) return [];
        const { side, reason } = first;
        return {
          side,
          reason,
          ...meaningOf(side, reason),
          count: same.reduce((sum, { count }) => sum + count, 0),
          totals: sumOfMoney(same.map(({ totals }) => totals)),
          oldestSeconds: Math.max(...same.map(({ oldestSeconds }) => oldestSeconds)),
        };
      }),
    };
  }

  /** The chapters as they were measured last, with `npm run chapters`. */
  @Get('measured')
  async measured(): Promise<MeasuredView> {
    const text = await readFile(join(checkout, 'docs/chapters/measured.json'), 'utf8').catch(() => undefined);
    if (text === undefined)
      throw new NotFoundException('The chapters were not measured here: npm run chapters.');
    const { date, faults, chapters: results } = measurement.parse(JSON.parse(text));
    return {
      date,
      faults,
      chapters: results.map(({ chapter, attempts, clientHop, ledgerHop, p95Ms, perSecond }) => ({
        chapter,
        name: chapters.find((each) => each.chapter === chapter)?.name ?? '',
        lost: sumOfEuros(clientHop.lost.euros, ledgerHop.lost.euros),
        twice: sumOfEuros(clientHop.twice.euros, ledgerHop.twice.euros),
        attempts,
        p95Ms,
        perSecond,
      })),
    };
  }

  private asked<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    return done(this.control.showingKey(ask));
  }
}

const measurement = z.object({
  date: z.string(),
  faults: z.array(z.string()),
  chapters: z.array(chapterResult),
});

const sumOfEuros = (...euros: string[]): string => sumOfMoney(euros.map((EUR) => ({ EUR })))['EUR'] ?? '0.00';

const titles: Record<BreakName, string> = {
  inOutbox: 'Safe in the outbox',
  inBroker: 'Published, not yet posted',
  deadLettered: 'Dead letters',
  parked: 'Parked by the ledger',
  missing: 'Missing',
  unexpected: 'Never accepted',
  duplicate: 'Posted twice',
  amountDiffers: 'Another amount',
  order: 'Before their payments',
};

function rowOf(row: BreakRow): LedgerRow {
  const { kind, paymentId, type, since, src, dest, amount, currency, detail } = row;
  const ledgerAmount = row.ledgerAmount ?? (onlyInLedger.has(kind) ? amount : null);
  return {
    paymentId,
    type,
    at: since,
    src,
    dest,
    amount,
    ledgerAmount,
    currency,
    class: kind,
    detail: detail || null,
  };
}

/** What is wrong there is what the ledger has. */
const onlyInLedger: ReadonlySet<BreakName> = new Set(['unexpected', 'duplicate', 'order']);
