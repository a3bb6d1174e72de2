import { Injectable } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { PaymentsConsumer } from './payments.consumer.js';

/** Since when nothing is consumed, to the second: whoever sees it stand still wants to know how old that is. */
@Injectable()
export class StalledSince {
  private at: Date | null = null;

  constructor(private readonly consumer: PaymentsConsumer) {}

  /** Null while deliveries are taken. */
  get since(): Date | null {
    this.look();
    return this.at;
  }

  @Interval('stalled since', 1_000)
  look(): void {
    if (this.consumer.state.kind === 'consuming') this.at = null;
    else this.at ??= new Date();
  }
}
