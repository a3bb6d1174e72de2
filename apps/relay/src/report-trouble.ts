import { Logger } from '@nestjs/common';
import { BrokerBlocked, BrokerUnreachable, PublishFailure, type BrokerState } from '@paid-once/broker';
import type { PassOutcome } from '@paid-once/outbox';
import { isConnectionLoss, Waiting } from '@paid-once/service';

/** One log line when something keeps the relay from its work and one when it is over, however many attempts lie between. */
export class ReportTrouble {
  private readonly broker: Waiting;
  private readonly database: Waiting;
  private readonly passes = new Waiting(new Logger('relay'), 'passes over the outbox to succeed');
  private readonly failingShards = new Set<number>();
  private databaseAway = false;

  constructor(addresses: { broker: string; database: string }) {
    this.broker = new Waiting(new Logger('rabbitmq'), `RabbitMQ at ${addresses.broker}`);
    this.database = new Waiting(new Logger('postgres'), `Postgres at ${addresses.database}`);
  }

  brokerState(state: BrokerState): void {
    if (state.kind === 'up') this.broker.over();
    else this.broker.because(state.kind === 'down' ? state.cause : `it is blocked: ${state.reason}`);
  }

  beat(error: unknown): void {
    if (error !== undefined) this.database.because(error);
    else if (this.databaseAway) this.database.over();
    this.databaseAway = error !== undefined;
  }

  pass(shard: number, outcome: PassOutcome): void {
    if (outcome.kind === 'drained' || outcome.kind === 'more') {
      if (this.failingShards.delete(shard) && this.failingShards.size === 0) this.passes.over();
    } else if ('cause' in outcome && !isToldElsewhere(outcome.cause)) {
      this.failingShards.add(shard);
      this.passes.because(oneReason(outcome.cause));
    }
  }
}

// Each attempt of each shard fails when a server is away: the connections themselves tell that, once.
function isToldElsewhere(cause: unknown): boolean {
  return cause instanceof BrokerUnreachable || cause instanceof BrokerBlocked || isConnectionLoss(cause);
}

// A publish failure names the messages: another line for each attempt.
function oneReason(cause: unknown): unknown {
  return cause instanceof PublishFailure ? cause.name : cause;
}
