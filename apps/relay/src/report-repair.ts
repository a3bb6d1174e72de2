import { Logger } from '@nestjs/common';
import { isConnectionLoss, Waiting } from '@paid-once/service';
import { LedgerSilent } from './ask-ledger.js';
import type { Verdict } from './verify-shard.js';

export interface RepairStatus {
  /** Seconds; 0: off. */
  every: number;
  /** When one of the shards was last found complete. */
  lastVerifiedAt: Date | null;
  /** How many messages this process has found missing, and asked to be published again. */
  missingFound: number;
  /** What the verification of which shards waits for; null when nothing does. */
  waitingFor: string | null;
  /** Of the shards that this process owns, how long ago each was found complete; null: not yet by this process. */
  shards: { shard: number; verifiedSeconds: number | null }[];
}

/** What repair finds, in the log and for `GET /status`: one line for each repair, none while all is well. */
export class ReportRepair {
  private readonly logger = new Logger('repair');
  private readonly ledger: Waiting;
  private readonly rounds = new Waiting(this.logger, 'a verification to succeed');
  private readonly waiting = new Map<number, string>();
  private readonly incomplete = new Map<number, number>();
  private readonly troubles = new Set<Waiting>();
  private readonly verifiedAt = new Map<number, Date>();
  private readonly aroundAt = new Map<number, Date>();
  private missingFound = 0;
  private shards: number[] = [];

  constructor(
    private readonly every: number,
    ledgerAddress: string,
  ) {
    this.ledger = new Waiting(this.logger, `the ledger at ${ledgerAddress}, to verify what has arrived`);
  }

  get status(): RepairStatus {
    const { every, missingFound, verifiedAt, shards } = this;
    const latest = Math.max(...[...verifiedAt.values()].map(Number));
    return {
      every,
      lastVerifiedAt: verifiedAt.size > 0 ? new Date(latest) : null,
      missingFound,
      waitingFor: this.waitingFor(),
      shards: shards.map((shard) => {
        const at = verifiedAt.get(shard);
        return { shard, verifiedSeconds: at ? (Date.now() - Number(at)) / 1_000 : null };
      }),
    };
  }

  /** What was known of other shards is for their owners to tell now. */
  owned(shards: number[]): void {
    this.shards = shards;
    for (const known of [this.waiting, this.verifiedAt, this.aroundAt, this.incomplete])
      for (const shard of known.keys()) if (!shards.includes(shard)) known.delete(shard);
  }

  /** @param at when a marker was last seen at the ledger, and nothing before it was missing */
  cameAround(shard: number, at: Date | null): void {
    if (at) this.aroundAt.set(shard, at);
  }

  /** How long ago that was, in seconds, of those shards for which it is known. */
  get loopAges(): { shard: number; seconds: number }[] {
    return [...this.aroundAt].map(([shard, at]) => ({ shard, seconds: (Date.now() - Number(at)) / 1_000 }));
  }

  waitsFor(shard: number, what: string): void {
    this.waiting.set(shard, what);
  }

  nothingToVerify(shard: number): void {
    this.waiting.delete(shard);
    this.verifiedAt.set(shard, new Date());
  }

  markerLost(shard: number): void {
    this.logger.log(
      `shard ${shard}: a marker has not reached the ledger yet: it is late, or RabbitMQ has lost it. Another one follows; ` +
        'no payment is in doubt, verification of the last ones is delayed',
    );
  }

  verdict(shard: number, { asked, missing, forgotten }: Verdict): void {
    if (forgotten > 0)
      this.logger.warn(
        `shard ${shard}: ${forgotten} messages are older than what the ledger's inbox remembers: whether they are posted ` +
          'tells only a comparison of both ledgers (paid-once compare)',
      );
    if (missing.count > 0) {
      this.missingFound += missing.count;
      this.incomplete.set(shard, missing.count);
      this.waiting.set(shard, 'its replay to be published');
      this.logger.warn(
        `shard ${shard}: ${missing.describe()} of ${asked} messages were confirmed by RabbitMQ and never reached the ledger: accepted ` +
          'and not posted. They are published again, by themselves; the ledger posts each once',
      );
      return;
    }
    this.nothingToVerify(shard);
    const repaired = this.incomplete.get(shard);
    if (repaired !== undefined)
      this.logger.log(
        `shard ${shard}: repaired: the ledger has the ${repaired} messages that were missing; none of ${asked} is missing now`,
      );
    this.incomplete.delete(shard);
  }

  failed(error: unknown): void {
    if (isConnectionLoss(error)) return; // told by the database's own line
    const trouble = error instanceof LedgerSilent ? this.ledger : this.rounds;
    this.troubles.add(trouble);
    trouble.because(error);
  }

  wentWell(): void {
    this.troubles.forEach((trouble) => trouble.over());
    this.troubles.clear();
  }

  private waitingFor(): string | null {
    const shardsByReason = Map.groupBy(this.waiting.keys(), (shard) => this.waiting.get(shard) ?? '');
    const parts = [...shardsByReason].map(([what, shards]) => `shard ${shards.join(', ')}: ${what}`);
    return parts.length > 0 ? parts.join('; ') : null;
  }
}
