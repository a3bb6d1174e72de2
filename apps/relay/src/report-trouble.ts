import { Logger } from '@nestjs/common';
import { BrokerBlocked, BrokerUnreachable, PublishFailure, type BrokerState } from '@paid-once/broker';
import type { PassOutcome } from '@paid-once/outbox';
import { isConnectionLoss, reasonOf, Waiting } from '@paid-once/service';

/** One log line when something keeps the relay from its work and one when it is over, however many attempts lie between. */
export class ReportTrouble {
  private readonly broker: Waiting;
  private readonly database: Waiting;
  private readonly passes = new Waiting(new Logger('relay'), 'passes over the outbox to succeed');
  private readonly failingShards = new Map<number, string>();
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
    if (!('cause' in outcome)) {
      if (this.failingShards.delete(shard) && this.failingShards.size === 0) this.passes.over();
    } else if (!this.isToldElsewhere(outcome.cause)) {
      this.failingShards.set(shard, reasonOf(outcome.cause));
      this.passes.because(oneReason(outcome.cause));
    }
  }

  /** @throws why the messages of a shard do not get through, although broker and database are there */
  checkPasses(): void {
    const [first] = this.failingShards;
    if (first) throw new Error(`shard ${first[0]} is not published: ${first[1]}`);
  }

  // Each attempt of each shard fails when a server is away: the connections themselves tell that, once. But a pass that
  // waits in vain, while the database answers the signs of life, is told nowhere else.
  private isToldElsewhere(cause: unknown): boolean {
    if (isTimeOut(cause)) return this.databaseAway;
    return cause instanceof BrokerUnreachable || cause instanceof BrokerBlocked || isConnectionLoss(cause);
  }
}

function isTimeOut(cause: unknown): boolean {
  return reasonOf(cause).startsWith('Query read timeout');
}

// A publish failure names the messages: another line for each attempt.
function oneReason(cause: unknown): unknown {
  return cause instanceof PublishFailure ? cause.name : cause;
}
