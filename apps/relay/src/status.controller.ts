import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { InjectDataSource } from '@nestjs/typeorm';
import { BrokerConnection, type BrokerState } from '@paid-once/broker';
import { outboxStatus, Relay, type ShardStatus } from '@paid-once/outbox';
import { reading } from '@paid-once/service';
import { DataSource } from 'typeorm';
import { PublishOutbox } from './publish-outbox.js';

interface RelayStatus {
  ownedShards: number[];
  published: number;
  broker: BrokerState;
  /** Null while the database cannot be asked. */
  outbox: {
    pending: number;
    oldestSeconds: number | null;
    deadLetters: number;
    shards: ShardStatus[];
  } | null;
}

@ApiTags('relay')
@Controller('status')
export class StatusController {
  constructor(
    @InjectDataSource() private readonly database: DataSource,
    private readonly relay: Relay,
    private readonly outbox: PublishOutbox,
    private readonly broker: BrokerConnection,
  ) {}

  /** What waits, what was published since this process started, and what keeps it from going on. */
  @Get()
  async status(): Promise<RelayStatus> {
    const shards = await reading(this.database, outboxStatus).catch(() => null);
    return {
      ownedShards: this.relay.ownedShards,
      published: this.outbox.published,
      broker: this.broker.state,
      outbox: shards && {
        pending: shards.reduce((sum, { pending }) => sum + pending, 0),
        oldestSeconds: shards.reduce<number | null>(
          (oldest, { oldestSeconds }) =>
            oldestSeconds === null ? oldest : Math.max(oldest ?? 0, oldestSeconds),
          null,
        ),
        deadLetters: shards.reduce((sum, { deadLetters }) => sum + deadLetters, 0),
        shards,
      },
    };
  }
}
