import { Injectable, Logger } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { Waiting } from '@paid-once/service';
import { PaymentsConsumer } from './payments.consumer.js';

/** Since when nothing is consumed, to the second: whoever sees it stand still wants to know how old that is, and why. */
@Injectable()
export class StalledSince {
  private readonly waiting = new Waiting(new Logger('ledger'), 'the way from RabbitMQ into the database');
  private at: Date | null = null;

  constructor(private readonly consumer: PaymentsConsumer) {}

  /** Null while deliveries are taken. */
  get since(): Date | null {
    this.look();
    return this.at;
  }

  @Interval('stalled since', 1_000)
  look(): void {
    const { state, bridge } = this.consumer;
    if (state.kind === 'consuming') {
      this.at = null;
      this.waiting.overIfBegun();
    } else {
      this.at ??= new Date();
      if (bridge) this.waiting.because(state.cause); // before the first one, the database's own line tells
    }
  }
}
