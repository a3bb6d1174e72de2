import { Injectable } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import {
  oldestDeadLetters,
  openTransactionSeconds,
  outboxStatus,
  type DeadLetter,
  type Relay,
  type ShardStatus,
} from '@paid-once/outbox';
import { DatabaseWatch, type Notice } from '@paid-once/service';
import type { DataSource, EntityManager } from 'typeorm';
import type { ReportRepair } from './report-repair.js';

/** So many dead letters are named in a line. */
const named = 10;
/** A probe goes around every five minutes, or as seldom as the repair lets it. */
const loopAfterSeconds = 600;

/**
 * Tells in the log what stands still although nothing fails: a payment that waits too long, a shard that nobody holds, a
 * transaction that somebody forgot, a message that was given up. Prometheus learns the same from `/metrics`.
 */
@Injectable()
export class OutboxWatch {
  private readonly watch: DatabaseWatch;

  /** @param stuckSeconds what has lasted for longer is told */
  constructor(
    database: DataSource,
    private readonly relay: Relay,
    private readonly repair: ReportRepair,
    private readonly stuckSeconds: number,
  ) {
    this.watch = new DatabaseWatch(database, 'outbox', (db) => this.find(db));
  }

  @Interval('outbox watch', 5_000)
  look(): Promise<void> {
    return this.watch.look();
  }

  // What of a shard its owner tells is told once, however many relays there are.
  private async find(db: EntityManager): Promise<Notice[]> {
    const { ownedShards } = this.relay;
    const shards = await outboxStatus(db);
    const ours = shards.filter(({ shard }) => ownedShards.includes(shard));
    return [
      ...shards.filter(({ owner }) => owner === null).map((shard) => this.ownerless(shard)),
      ...ours.filter(({ oldestSeconds }) => (oldestSeconds ?? 0) > this.stuckSeconds).map(late),
      ...(ownedShards.includes(0) ? this.openTransaction((await openTransactionSeconds(db)) ?? 0) : []),
      ...this.unseenLoops(),
      ...deadLetters(ours, await oldestDeadLetters(db, ownedShards, named)),
    ];
  }

  // By then another relay must have taken it over.
  private ownerless({ shard, pending }: ShardStatus): Notice {
    return {
      what: `no relay holds shard ${shard}`,
      says: `its ${pending} payments are safe in the outbox, and not posted: docs/runbook/shard-without-owner.md`,
      afterSeconds: this.stuckSeconds,
    };
  }

  private openTransaction(seconds: number): Notice[] {
    if (seconds < this.stuckSeconds) return [];
    const says = `what it writes is published after its commit, nobody else waits: docs/runbook/outbox-grows.md`;
    return [{ what: 'a transaction of the payments database stays open', says }];
  }

  private unseenLoops(): Notice[] {
    const unseen = this.repair.loopAges.filter(({ seconds }) => seconds > loopAfterSeconds);
    return unseen.map(({ shard }) => ({
      what: `no probe comes around through shard ${shard}`,
      says: 'whether all that was published has arrived is not known: docs/runbook/missing.md',
    }));
  }
}

function late({ shard, pending, oldestSeconds }: ShardStatus): Notice {
  return {
    what: `payments wait in shard ${shard}`,
    says: `${pending}, the oldest for ${Math.round(oldestSeconds ?? 0)} s. They are safe in the outbox, and not posted: docs/runbook/outbox-grows.md`,
  };
}

// The number is not in the name: a hundred more are no other fault.
function deadLetters(shards: ShardStatus[], dead: Pick<DeadLetter, 'messageId' | 'key'>[]): Notice[] {
  const count = shards.reduce((sum, { deadLetters: each }) => sum + each, 0);
  if (count === 0) return [];
  return [
    {
      what: 'messages were given up in the outbox',
      says: `${count}. Their payments are accepted and not posted until somebody redrives or drops them: docs/runbook/dead-letters.md`,
      about: { messageIds: dead.map(({ messageId }) => messageId), paymentIds: dead.map(({ key }) => key) },
    },
  ];
}
