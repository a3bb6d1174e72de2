import { Injectable, Logger } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { Waiting } from '@paid-once/service';
import { PaymentsConsumer } from './payments.consumer.js';

/**
 * Why dead letters are not brought here, and since when: the ledger goes on posting without them, so nothing else tells
 * that what the broker gave up stays there unseen.
 */
@Injectable()
export class BridgeTrouble {
  private readonly waiting = new Waiting(new Logger('dead letters'), 'what the broker gave up');
  private since: number | undefined;

  constructor(private readonly consumer: PaymentsConsumer) {}

  /** Nulls while there is none. */
  get current(): { waitingFor: string | null; seconds: number | null } {
    const waitingFor = this.look();
    const seconds = this.since === undefined ? null : Math.round((performance.now() - this.since) / 1_000);
    return { waitingFor, seconds };
  }

  @Interval('bridge trouble', 1_000)
  look(): string | null {
    const state = this.consumer.bridge?.state;
    if (state?.kind === 'waiting') {
      this.since ??= performance.now();
      if (this.consumer.state.kind === 'consuming') this.waiting.because(state.cause); // else that is told, with its cause
      return state.cause;
    }
    this.waiting.overIfBegun();
    this.since = undefined;
    return null;
  }
}
