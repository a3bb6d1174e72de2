import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { Relay, requestMarkers, verificationOf, type OpenMarker, type Verification } from '@paid-once/outbox';
import { backOff, pause, reading } from '@paid-once/service';
import type { DataSource } from 'typeorm';
import { AskLedger, LedgerSilent } from './ask-ledger.js';
import { MarkerPatience } from './marker-patience.js';
import { ReportRepair } from './report-repair.js';
import { repairer, verifyShard } from './verify-shard.js';

/** How long one round waits for markers to arrive; those that are later are looked at in the next one. */
const arrivalMs = 5_000;
/** Between two looks whether markers have arrived. */
const lookAgain = { firstMs: 50, maxMs: 1_000 };
/** For so many rounds what the broker has dead-lettered may keep us from judging: the ledger is to park it first. */
const deadLetterRounds = 5;
/** A shard whose repair does not last is left alone for longer and longer: rounds. */
const mostRoundsOfRest = 32;
/** So long after the last marker another one goes around, also if there is nothing to verify. */
const probeAfterMs = 300_000;
/** While the ledger does not answer. */
const ledgerAway = { firstMs: 1_000, maxMs: 15_000 };

/**
 * The safety net below the broker: what RabbitMQ has confirmed and then lost is found and published again. Each round,
 * for each shard that is ours: a marker, sent like any other message, tells when everything before it must have arrived;
 * then the ledger is asked about the messages since the last verified marker. Each message is so verified once.
 */
@Injectable()
export class Repair implements OnModuleDestroy {
  private readonly stopping = new AbortController();
  private readonly ledger: AskLedger;
  private readonly patience = new MarkerPatience();
  private readonly rest = new Map<number, { rounds: number; last: number }>();
  private running: Promise<void> | undefined;
  private dueAt = -Infinity;
  private ledgerDelays = backOff(ledgerAway);
  private heldByDeadLetters = 0;

  /** @param everySeconds 0: never */
  constructor(
    private readonly database: DataSource,
    private readonly relay: Relay,
    readonly report: ReportRepair,
    private readonly everySeconds: number,
    ledger: { url: string; key: string | undefined },
  ) {
    this.ledger = new AskLedger(ledger.url, ledger.key, this.stopping.signal);
  }

  // A tick only looks whether a round is due, and one that still runs is the round: they never overlap.
  @Interval('repair', 1_000)
  tick(): Promise<void> {
    const isOn = this.everySeconds > 0 && !this.stopping.signal.aborted;
    const shards = isOn ? this.relay.ownedShards : [];
    this.report.owned(shards);
    if (shards.length === 0 || performance.now() < this.dueAt) return this.running ?? Promise.resolve();
    return (this.running ??= this.round().finally(() => (this.running = undefined)));
  }

  /** Ends what is being asked: a repair that was cut short is begun anew by whoever owns the shard next. */
  async onModuleDestroy(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async round(): Promise<void> {
    const startedAt = performance.now();
    this.dueAt = startedAt + this.everySeconds * 1_000 - 100; // ticks are not punctual
    try {
      await this.verifyOwnedShards();
      this.ledgerDelays = backOff(ledgerAway);
      this.report.wentWell();
    } catch (error) {
      if (this.stopping.signal.aborted) return;
      this.report.failed(error);
      if (error instanceof LedgerSilent)
        this.dueAt = Math.max(this.dueAt, performance.now() + this.ledgerDelays.next().value);
    }
  }

  private async verifyOwnedShards(): Promise<void> {
    const waiting = new Map<number, Verification>();
    for (const shard of this.relay.ownedShards) {
      const verification = await this.look(shard);
      const isAtRest = !verification.hasMore && !isProbeDue(verification);
      if (isAtRest) this.report.nothingToVerify(shard);
      else if (verification.repairing) this.report.waitsFor(shard, 'its replay to be published');
      else if (!this.isResting(shard)) waiting.set(shard, verification);
    }
    const unmarked = [...waiting].filter(([, { markers }]) => markers.length === 0);
    for (const [shard] of unmarked) await this.requestMarker(shard);
    await this.verifyAsMarkersArrive(waiting);
    for (const [shard, { markers }] of waiting)
      // One that waits to be published itself will tell: there is nothing to replace yet.
      if (markers[0] && isPublished(markers[0]) && this.patience.isOver(shard)) {
        this.report.markerLost(shard);
        await this.requestMarker(shard);
      }
  }

  /** Takes a shard out of `waiting` when its marker has arrived and it was judged. */
  private async verifyAsMarkersArrive(waiting: Map<number, Verification>): Promise<void> {
    const until = performance.now() + Math.min(arrivalMs, this.everySeconds * 1_000);
    for (const delayMs of backOff(lookAgain)) {
      for (const shard of waiting.keys()) {
        if (!this.relay.ownedShards.includes(shard)) waiting.delete(shard);
        else waiting.set(shard, await this.look(shard));
      }
      if (!(await this.verifyArrived(waiting))) return;
      if (waiting.size === 0 || performance.now() > until || this.stopping.signal.aborted) return;
      await pause(delayMs, this.stopping.signal);
    }
  }

  /** @returns false when nothing may be judged now */
  private async verifyArrived(waiting: Map<number, Verification>): Promise<boolean> {
    const published = [...waiting.values()].flatMap(({ markers }) => markers.filter(isPublished));
    for (const [shard, { markers }] of waiting)
      this.report.waitsFor(
        shard,
        `its marker ${markers.some(isPublished) ? 'to arrive at the ledger' : 'to be published'}`,
      );
    if (published.length === 0) return true;
    const { arrived, deadLettersInBroker } = await this.ledger.markers(
      published.map(({ messageId }) => messageId),
    );
    if (arrived.length > 0 && deadLettersInBroker !== 0 && ++this.heldByDeadLetters <= deadLetterRounds) {
      waiting.forEach((_, shard) =>
        this.report.waitsFor(shard, 'the ledger to park what the broker has dead-lettered'),
      );
      waiting.clear();
      return false;
    }
    for (const verification of waiting.values()) await this.verifyIfArrived(verification, arrived, waiting);
    if (arrived.length > 0) this.heldByDeadLetters = 0;
    return true;
  }

  private async verifyIfArrived(
    verification: Verification,
    arrived: string[],
    waiting: Map<number, Verification>,
  ): Promise<void> {
    const { shard } = verification;
    const marker = verification.markers.find((each) => isPublished(each) && arrived.includes(each.messageId));
    if (!marker) return;
    this.report.waitsFor(shard, 'the ledger to tell what is missing');
    const verdict = await verifyShard(this.database, this.ledger, verification, marker);
    waiting.delete(shard);
    this.patience.arrived(shard);
    this.report.verdict(shard, verdict);
    if (verdict.missing.count > 0) this.restLonger(shard);
    else this.rest.delete(shard);
  }

  // What is missing again and again is no accident of the broker's: no rest at first, then 1, 2, 4 … rounds.
  private restLonger(shard: number): void {
    const last = this.rest.get(shard)?.last;
    const rounds = last === undefined ? 0 : Math.min(Math.max(1, last * 2), mostRoundsOfRest);
    this.rest.set(shard, { rounds, last: rounds });
  }

  private isResting(shard: number): boolean {
    const rest = this.rest.get(shard);
    if (!rest || rest.rounds === 0) return false;
    rest.rounds--;
    this.report.waitsFor(shard, 'a while, because what was published again was missing again');
    return true;
  }

  private async look(shard: number): Promise<Verification> {
    const verification = await verificationOf(this.database, shard, repairer);
    this.report.cameAround(shard, verification.verifiedAt);
    return verification;
  }

  private async requestMarker(shard: number): Promise<void> {
    await reading(this.database, (db) => requestMarkers(db, [shard]));
    this.relay.wake();
  }
}

/** Where nothing is published the way may be broken, and the next payment would be the first to find out. */
function isProbeDue({ verifiedAt }: Verification): boolean {
  return verifiedAt === null || Date.now() - Number(verifiedAt) > probeAfterMs;
}

function isPublished({ publishedAt }: OpenMarker): boolean {
  return publishedAt !== null;
}
