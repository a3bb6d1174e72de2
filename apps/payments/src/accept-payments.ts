import { Inject, Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { wakeRelays } from '@paid-once/outbox';
import {
  Batcher,
  DatabaseUnavailable,
  OutcomeUnknown,
  sqlState,
  TemporarilyUnavailable,
} from '@paid-once/service';
import { DataSource } from 'typeorm';
import { acceptBatch, type Acceptance } from './accept-batch.js';
import { fingerprintOf, type PaymentCommand } from './payment-command.js';
import { IdempotencyInProgress, OutcomeIsUnknown } from './payment-problems.js';

const batchLockWaitMs = 100;
const aloneLockWaitMs = 1_000;
const attemptsAlone = 3;

const lockNotAvailable = '55P03';
const deadlockDetected = '40P01';
const serializationFailure = '40001';

export const ACCEPT_OPTIONS = Symbol('how payments are batched');
export interface AcceptOptions {
  maxBatch: number;
  lanes: number;
}

type Attempt = { kind: 'done'; acceptance: Acceptance } | { kind: 'refused'; cause: unknown };

/**
 * Group commit: requests that arrive while a transaction is in flight share the next one; a request alone goes at once.
 */
@Injectable()
export class AcceptPayments {
  private readonly logger = new Logger(AcceptPayments.name);
  private readonly inFlight = new Map<string, { fingerprint: Buffer; outcome: Promise<Acceptance> }>();
  private readonly together: Batcher<PaymentCommand, Attempt>;
  // Beside the batches, not before them: one stuck key must not hold up its neighbours.
  private readonly alone: Batcher<PaymentCommand, Acceptance>;

  constructor(
    @InjectDataSource() private readonly database: DataSource,
    @Inject(ACCEPT_OPTIONS) { maxBatch, lanes }: AcceptOptions,
  ) {
    this.together = new Batcher({
      maxSize: maxBatch,
      lanes,
      run: (commands) => this.attemptTogether(commands),
    });
    this.alone = new Batcher({
      maxSize: 1,
      lanes: 4,
      run: async (commands) => Promise.all(commands.map((command) => this.attemptAlone(command))),
    });
  }

  /**
   * @returns how the command ended; `accepted` and `repeated` are durable
   * @throws OutcomeIsUnknown       COMMIT's answer was lost: paid or not, repeating with the same key tells
   * @throws IdempotencyInProgress  another process is busy with this key
   * @throws TemporarilyUnavailable the database is away or overloaded: nothing was paid
   */
  async accept(command: PaymentCommand): Promise<Acceptance> {
    const key = `${command.client}\n${command.idempotencyKey}`;
    const fingerprint = fingerprintOf(command);
    const first = this.inFlight.get(key);
    if (first)
      return afterFirst(await first.outcome, first.fingerprint.equals(fingerprint), () =>
        this.accept(command),
      );
    const outcome = this.run(command).finally(() => this.inFlight.delete(key));
    this.inFlight.set(key, { fingerprint, outcome });
    return outcome;
  }

  private async run(command: PaymentCommand): Promise<Acceptance> {
    const attempt = await this.together.add(command);
    const acceptance = attempt.kind === 'done' ? attempt.acceptance : await this.alone.add(command);
    if (acceptance.kind === 'accepted') wakeRelays(this.database);
    return acceptance;
  }

  private async attemptTogether(commands: PaymentCommand[]): Promise<Attempt[]> {
    try {
      const acceptances = await acceptBatch(this.database, commands, batchLockWaitMs);
      return acceptances.map((acceptance) => ({ kind: 'done', acceptance }));
    } catch (cause) {
      const problem = problemOfLostConnection(cause);
      if (problem) throw problem;
      return commands.map(() => ({ kind: 'refused', cause })); // refused before COMMIT: each gets its own transaction
    }
  }

  private async attemptAlone(command: PaymentCommand): Promise<Acceptance> {
    for (let attempt = 1; ; attempt++) {
      try {
        const [acceptance] = await acceptBatch(this.database, [command], aloneLockWaitMs);
        if (!acceptance) throw new Error('Bug: a command was not answered');
        return acceptance;
      } catch (cause) {
        const state = sqlState(cause);
        if (state === lockNotAvailable) throw new IdempotencyInProgress();
        if ((state === deadlockDetected || state === serializationFailure) && attempt < attemptsAlone)
          continue;
        throw problemOfLostConnection(cause) ?? this.problemOfRefusal(cause, state);
      }
    }
  }

  // Class 53: disk full, too many connections; 25006: read-only; 40: still colliding. Not the request's own fault.
  private problemOfRefusal(cause: unknown, state: string | undefined): unknown {
    if (state === undefined || !/^(53|40|25006|58|57)/.test(state)) return cause;
    this.logger.error(`Postgres refused a payment with SQLSTATE ${state}`);
    return new TemporarilyUnavailable(
      'The database takes no payments now. Nothing was paid; send the request again.',
    );
  }
}

function problemOfLostConnection(cause: unknown): Error | undefined {
  if (cause instanceof OutcomeUnknown) return new OutcomeIsUnknown();
  if (cause instanceof DatabaseUnavailable)
    return new TemporarilyUnavailable(
      'The database cannot be reached. Nothing was paid; send the request again.',
    );
  return undefined;
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
