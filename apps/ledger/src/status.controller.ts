import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Answers, RetentionSchedule } from '@paid-once/service';
import * as examples from './api-examples.js';
import { BridgeTrouble } from './bridge-trouble.js';
import { EndToEndTimes } from './end-to-end.js';
import { PaymentsConsumer } from './payments.consumer.js';
import { StalledSince } from './stalled-since.js';

@ApiTags('operations')
@Controller()
export class StatusController {
  constructor(
    private readonly consumer: PaymentsConsumer,
    private readonly retention: RetentionSchedule<Record<string, number>>,
    private readonly stalled: StalledSince,
    private readonly bridgeTrouble: BridgeTrouble,
    private readonly endToEnd: EndToEndTimes,
  ) {}

  /** What this process consumes, and what became of it since it started. */
  @Get('status')
  @Answers(examples.status)
  status() {
    const { state, counts, bridge } = this.consumer;
    const { batches, done: posted, repeated: duplicates, parked } = counts;
    return {
      consumer: state,
      stalledSince: this.stalled.since,
      queues: state.kind === 'consuming' ? state.queues : [],
      batches,
      posted,
      duplicates,
      parked,
      endToEnd: this.endToEnd.last(),
      retention: this.retention.status,
      deadLetterBridge: this.bridgeTrouble.current,
      deadLetters: {
        consumer: bridge?.state ?? state,
        known: bridge?.counts.repeated['message'] ?? 0,
        parked: bridge?.counts.parked ?? {},
      },
    };
  }
}
