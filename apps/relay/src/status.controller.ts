import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { InjectDataSource } from '@nestjs/typeorm';
import { BrokerConnection, type BrokerState } from '@paid-once/broker';
import { openTransactionSeconds, outboxStatus, Relay, type ShardStatus } from '@paid-once/outbox';
import { Answers, reading, RetentionSchedule, type RetentionStatus } from '@paid-once/service';
import { DataSource } from 'typeorm';
import * as examples from './api-examples.js';
import { PublishOutbox } from './publish-outbox.js';
import { Repair } from './repair.js';
import type { RepairStatus } from './report-repair.js';

interface RelayStatus {
  ownedShards: number[];
  published: number;
  broker: BrokerState;
  /** Null while the database cannot be asked. */
  outbox: {
    pending: number;
    oldestSeconds: number | null;
    deadLetters: number;
    /** At least so long a transaction has been open: what it writes is not seen before its commit. */
    openTransactionSeconds: number | null;
    shards: ShardStatus[];
  } | null;
  /** What was removed from the outbox's history since this process started; null when nothing ever is. */
  retention: RetentionStatus | null;
  /** How sure it is that what was published has arrived. */
  repair: RepairStatus;
}

@ApiTags('relay')
@Controller('status')
export class StatusController {
  constructor(
    @InjectDataSource() private readonly database: DataSource,
    private readonly relay: Relay,
    private readonly outbox: PublishOutbox,
    private readonly broker: BrokerConnection,
    private readonly retention: RetentionSchedule<Record<string, number>>,
    private readonly repair: Repair,
  ) {}

  /** What waits, what was published since this process started, and what keeps it from going on. */
  @Get()
  @Answers(examples.status)
  async status(): Promise<RelayStatus> {
    const read = await reading(this.database, async (db) => ({
      shards: await outboxStatus(db),
      openTransactionSeconds: await openTransactionSeconds(db),
    })).catch(() => null);
    return {
      ownedShards: this.relay.ownedShards,
      published: this.outbox.published,
      broker: this.broker.state,
      outbox: read && {
        pending: read.shards.reduce((sum, { pending }) => sum + pending, 0),
        oldestSeconds: read.shards.reduce<number | null>(
          (oldest, { oldestSeconds }) =>
            oldestSeconds === null ? oldest : Math.max(oldest ?? 0, oldestSeconds),
          null,
        ),
        deadLetters: read.shards.reduce((sum, { deadLetters }) => sum + deadLetters, 0),
        ...read,
      },
      retention: this.retention.status,
      repair: this.repair.report.status,
    };
  }
}
