import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { InjectDataSource } from '@nestjs/typeorm';
import { ParkedMessage } from '@paid-once/inbox';
import { reading } from '@paid-once/service';
import { DataSource } from 'typeorm';
import { readLimit } from './parameters.js';
import { PaymentsConsumer } from './payments.consumer.js';

@ApiTags('operations')
@Controller()
export class StatusController {
  constructor(
    @InjectDataSource() private readonly database: DataSource,
    private readonly consumer: PaymentsConsumer,
  ) {}

  /** What this process consumes, and what became of it since it started. */
  @Get('status')
  status(): object {
    const { state, counts } = this.consumer;
    const { batches, done: posted, repeated: duplicates, parked } = counts;
    return {
      consumer: state,
      queues: state.kind === 'consuming' ? state.queues : [],
      batches,
      posted,
      duplicates,
      parked,
    };
  }

  /** The messages that were set aside, the latest first. */
  @Get('parked')
  async parked(@Query('limit') limit: unknown): Promise<{ count: number; items: object[] }> {
    const [messages, count] = await reading(this.database, (db) =>
      db.getRepository(ParkedMessage).findAndCount({ order: { id: 'DESC' }, take: readLimit(limit) }),
    );
    return {
      count,
      items: messages.map(({ fingerprint: _fingerprint, headers: _headers, body, ...message }) => ({
        ...message,
        bodyBytes: body.length,
      })),
    };
  }
}
