import { Inject, Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { Batcher, TooManyWait, Waiting } from '@paid-once/service';
import { DataSource } from 'typeorm';
import { acceptBatch, type Acceptance } from './accept-batch.js';
import { findRecorded } from './find-recorded.js';
import { fingerprintOf, type PaymentCommand } from './payment-command.js';
import { Outcomes } from './outcomes.js';
import { IdempotencyInProgress } from './payment-problems.js';
import { problemOf, refusalOf } from './refusals.js';

const batchLockWaitMs = 100;
const aloneLockWaitMs = 1_000;
const maxAttempts = 3;

export const ACCEPT_OPTIONS = Symbol('how payments are batched');
export interface AcceptOptions {
  maxBatch: number;
  lanes: number;
  /** How many requests may be in hand at once, those that wait included. */
  backlog: number;
  /** How long one may wait to be begun, in milliseconds. */
  maxWaitMs: number;
}

/** `refused`: it needs a transaction of its own; `not-written`: something is on record that tells how it ended. */
type Attempt = Acceptance | 'refused' | 'not-written';

/**
 * Group commit: requests that arrive while a transaction is in flight share the next one; a request alone goes at once.
 */
@Injectable()
export class AcceptPayments {
  private readonly trouble = new Waiting(new Logger('postgres'), 'Postgres to take payments');
  private readonly inFlight = new Map<string, { fingerprint: string; outcome: Promise<Acceptance> }>();
  private readonly together: Record<PaymentCommand['kind'], Batcher<PaymentCommand, Attempt>>;
  // Beside the batches, not before them: one stuck key must not hold up its neighbours.
  private readonly alone: Batcher<PaymentCommand, Attempt>;
  private readonly recorded: Batcher<PaymentCommand, Acceptance>;
  readonly outcomes = new Outcomes();
  inHand = 0;

  constructor(
    @InjectDataSource() private readonly database: DataSource,
    @Inject(ACCEPT_OPTIONS) private readonly options: AcceptOptions,
  ) {
    const { maxBatch: maxSize, lanes, maxWaitMs } = options;
    const run = (commands: PaymentCommand[]) => this.attemptTogether(commands);
    const runAlone = (commands: PaymentCommand[]) =>
      Promise.all(commands.map((each) => this.attemptAlone(each)));
    const find = (commands: PaymentCommand[]) => findRecorded(this.database, commands);
    const together = () => new Batcher({ maxSize, lanes, maxWaitMs, run });
    this.together = { pay: together(), reverse: together() };
    this.alone = new Batcher({ maxSize: 1, lanes: 4, maxWaitMs, run: runAlone });
    this.recorded = new Batcher({ maxSize, lanes: 1, maxWaitMs, run: find });
  }

  /**
   * @returns how the command ended; `accepted` and `repeated` are durable
   * @throws OutcomeIsUnknown       COMMIT's answer was lost: paid or not, repeating with the same key tells
   * @throws IdempotencyInProgress  another process is busy with this key
   * @throws Overloaded             too many are in hand, or it waited too long to be begun: nothing was paid
   * @throws StorageFull, TemporarilyUnavailable  the database is full, away or not able to: nothing was paid
   */
  accept(command: PaymentCommand): Promise<Acceptance> {
    return this.outcomes.counting(this.take(command));
  }

  private async take(command: PaymentCommand): Promise<Acceptance> {
    this.inHand++;
    try {
      if (this.inHand > this.options.backlog) throw new TooManyWait();
      return await this.share(command);
    } catch (error) {
      if (problemOf(error)) this.trouble.because(error);
      throw problemOf(error) ?? error;
    } finally {
      this.inHand--;
    }
  }

  private async share(command: PaymentCommand): Promise<Acceptance> {
    const key = `${command.client}\n${command.idempotencyKey}`;
    const fingerprint = fingerprintOf(command);
    const first = this.inFlight.get(key);
    if (first)
      return afterFirst(await first.outcome, first.fingerprint === fingerprint, () => this.share(command));
    const outcome = this.run(command).finally(() => this.inFlight.delete(key));
    this.inFlight.set(key, { fingerprint, outcome });
    return outcome;
  }

  private async run(command: PaymentCommand): Promise<Acceptance> {
    let attempt = await this.together[command.kind].add(command);
    if (attempt === 'refused') attempt = await this.alone.add(command);
    const acceptance = typeof attempt === 'string' ? await this.recorded.add(command) : attempt;
    this.trouble.overAfterQuiet();
    return acceptance;
  }

  private async attemptTogether(commands: PaymentCommand[]): Promise<Attempt[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.attempt(commands, batchLockWaitMs);
      } catch (cause) {
        const refusal = refusalOf(cause);
        if (refusal === 'locked' && attempt < maxAttempts) continue;
        if (refusal === 'locked' || refusal === 'database') throw cause; // of each of them
        return commands.map(() => 'refused'); // nothing is written: each gets its own transaction
      }
    }
  }

  private async attemptAlone(command: PaymentCommand): Promise<Attempt> {
    for (let attempt = 1; ; attempt++) {
      try {
        const [ended = 'not-written'] = await this.attempt([command], aloneLockWaitMs);
        return ended;
      } catch (cause) {
        const refusal = refusalOf(cause);
        if (refusal === 'key-held') throw new IdempotencyInProgress();
        if (refusal === 'collision' && attempt < maxAttempts) continue;
        throw cause;
      }
    }
  }

  private async attempt(commands: PaymentCommand[], lockWaitMs: number): Promise<Attempt[]> {
    const acceptances = await acceptBatch(this.database, commands, lockWaitMs);
    return acceptances.map((acceptance) => acceptance ?? 'not-written');
  }
}

// The second request with a key takes no place in a batch: it gets the first one's outcome. Where the first was refused
// for its own sake, a different request is free to use the key.
function afterFirst(
  first: Acceptance,
  same: boolean,
  tryItself: () => Promise<Acceptance>,
): Acceptance | Promise<Acceptance> {
  if (first.kind !== 'accepted' && first.kind !== 'repeated') return same ? first : tryItself();
  return same ? { kind: 'repeated', payment: first.payment } : { kind: 'key-reused' };
}
