import { Inject, Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { compare } from '@paid-once/compare';
import { Notices, pause } from '@paid-once/service';
import { currentChapter, chapters } from '../../cli/src/chapters.js';
import { failureOf } from '../../cli/src/failure.js';
import { questionsTo, type Parts } from '../../cli/src/status/parts.js';
import type { ChapterNow, Mode, Point, Snapshot } from './api.js';
import { Asking } from './asking.js';
import { Control } from './control.js';
import { Happenings } from './happenings.js';
import { noticesOf } from './notices.js';
import { Points } from './points.js';
import { Rate } from './rates.js';
import { Runs } from './runs.js';
import { CONSOLE_SETTINGS, type ConsoleSettings } from './settings.js';
import { balancesIn, verdictFrom, type Compared } from './verdict.js';
import { attentionOf, linksIn, stationsOf } from './views.js';

/** Milliseconds: how often it looks, with and without somebody who watches. */
const lookMs = { watched: 250, alone: 5_000 };
/** How long a look waits for what is slow, in milliseconds: less than until the next one, which shows it then. */
const patienceMs = 200;
/** So many times as long as a comparison takes it rests: it costs the databases something. */
const restFactor = 4;
const compareMs = 1_000;
const chapterMs = 2_000;

type Listener = { snapshot: (snapshot: Snapshot) => void; point: (point: Point) => void };

/** Looks at all parts, whatever of them is there, and tells whoever watches. */
@Injectable()
export class Watch implements OnModuleInit, OnModuleDestroy {
  readonly points = new Points();
  last: Snapshot | undefined;
  private readonly logger = new Logger('watch');
  private readonly notices = new Notices(this.logger);
  private readonly listeners = new Set<Listener>();
  private readonly ended = new AbortController();
  private wake = new AbortController();
  /** As they were seen last. */
  parts: Parts | undefined;
  private compared: Compared | undefined;
  private chapter: ChapterNow | null = null;
  private readonly rates = { accepted: new Rate(), posted: new Rate(), asked: new Rate() };

  constructor(
    @Inject(CONSOLE_SETTINGS) private readonly settings: ConsoleSettings,
    private readonly control: Control,
    private readonly runs: Runs,
    readonly happenings: Happenings,
  ) {}

  onModuleInit(): void {
    this.happenings.listen(() => this.wake.abort());
    for (const work of [() => this.look(), () => this.compareAgain(), () => this.askChapter()])
      void this.control.showingKey(work).catch((error: unknown) => this.logger.error(error));
  }

  onModuleDestroy(): void {
    this.ended.abort();
    this.wake.abort();
  }

  /** @returns ends it */
  listen(listener: Listener): () => void {
    this.listeners.add(listener);
    if (this.listeners.size === 1) this.wake.abort();
    return () => void this.listeners.delete(listener);
  }

  private get isOver(): boolean {
    return this.ended.signal.aborted;
  }

  private async look(): Promise<void> {
    const questions = Object.entries(questionsTo(this.control.urls, this.ended.signal));
    const asking = questions.map(([name, ask]) => [name, new Asking<unknown>(ask)] as const);
    while (!this.isOver) {
      const beganAt = performance.now();
      const answers = Promise.all(asking.map(([, part]) => part.again()));
      await Promise.race([answers, pause(patienceMs, this.ended.signal)]).catch((error: unknown) => {
        if (!this.isOver) throw error;
      });
      answers.catch(() => {}); // it is thrown by the look that waits for it
      const parts = Object.fromEntries(asking.map(([name, part]) => [name, part.now])) as unknown as Parts;
      if (!this.isOver) this.tell(parts, await this.snapshotOf(parts));
      await this.rest(performance.now() - beganAt);
    }
  }

  /** Somebody who begins to watch ends the rest, and so does something that happens. */
  private async rest(tookMs: number): Promise<void> {
    const ms = this.listeners.size > 0 ? lookMs.watched : lookMs.alone;
    this.wake = new AbortController();
    if (!this.isOver) await pause(Math.max(0, ms - tookMs), this.wake.signal);
  }

  private async snapshotOf(parts: Parts): Promise<Snapshot> {
    this.parts = parts;
    const now = new Date();
    const at = performance.now();
    const events = (side: Parts['payments']['value']) => side && side.count + side.reversals;
    return {
      at: now.toISOString(),
      verdict: verdictFrom(parts, this.compared, now),
      mode: this.mode(),
      stations: stationsOf(
        parts,
        {
          accepted: this.rates.accepted.next(events(parts.payments.value), at),
          posted: this.rates.posted.next(events(parts.ledger.value), at),
          asked: this.rates.asked.next(this.runs.attempts, at),
        },
        this.compared?.of === balancesIn(parts) ? this.compared.comparison.breaks.inOutbox.totals : null,
      ),
      links: linksIn(parts, this.control.healsAt, now),
      processes: await this.control.processes(),
      attention: attentionOf(parts, now),
      run: this.runs.current,
      latency: latencyIn(parts),
    };
  }

  private tell(parts: Parts, snapshot: Snapshot): void {
    this.last = snapshot;
    this.notices.show(noticesOf(parts, this.settings.PAID_ONCE_STUCK_SECONDS));
    this.happenings.notice(snapshot);
    const point = this.points.add(snapshot);
    for (const listener of this.listeners) {
      listener.snapshot(snapshot);
      if (point) listener.point(point);
    }
  }

  private mode(): Mode {
    const { PAID_ONCE_LAB: lab } = this.settings;
    return { lab, ...this.control.allowed, chapter: this.chapter };
  }

  /** While somebody watches, and only if what was compared is no longer so. */
  private async compareAgain(): Promise<void> {
    let before = 0;
    while (!this.isOver) {
      const startedAt = performance.now();
      if (this.parts && this.listeners.size > 0) await this.compareNow(this.parts);
      const tookMs = performance.now() - startedAt;
      // One that took long among short ones has met a reset, or something that hung: the next one is due soon.
      await pause(Math.max(compareMs, Math.min(tookMs, before) * restFactor), this.ended.signal);
      before = tookMs;
    }
  }

  private async compareNow(parts: Parts): Promise<void> {
    const of = balancesIn(parts);
    const at = new Date();
    if (this.compared?.of === of || !parts.payments.value || !parts.ledger.value) return;
    const { payments, ledger } = this.control.urls;
    try {
      const comparison = await compare({
        payments,
        ledger,
        key: this.control.key,
        signal: this.ended.signal,
      });
      this.compared = { comparison, at, of };
    } catch (error) {
      if (failureOf(error) === undefined && !this.isOver) throw error;
    }
  }

  /** As which chapter a payment is to be made now: outside lab mode, and where it was never told, as the last one. */
  async chapterNow(): Promise<ChapterNow['chapter']> {
    if (this.settings.PAID_ONCE_LAB) await this.control.showingKey(() => this.readChapter());
    return this.chapter?.chapter ?? 4;
  }

  private async askChapter(): Promise<void> {
    while (!this.isOver) {
      if (this.settings.PAID_ONCE_LAB && this.listeners.size > 0) await this.readChapter();
      await pause(chapterMs, this.ended.signal);
    }
  }

  /** What is not told stays as it was known. */
  private async readChapter(): Promise<void> {
    const { payments } = this.control.urls;
    const now = await currentChapter(payments, this.ended.signal).catch(() => undefined);
    const known = chapters.find(({ chapter }) => chapter === now?.chapter);
    if (known) this.chapter = { ...known };
  }
}

function latencyIn({ consumer }: Parts): Snapshot['latency'] {
  const times = consumer.value?.endToEnd;
  return times ? { p50: times.p50Ms, p95: times.p95Ms, p99: times.p99Ms } : null;
}
