import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { UnconfirmedPublisher } from '@paid-once/broker/lab';
import { paymentsExchange, wireMessage, type MessageSource } from '@paid-once/contracts';
import { faultPoint, inTransaction, pause, sqlState, TemporarilyUnavailable } from '@paid-once/service';
import { DataSource, type EntityManager } from 'typeorm';
import { acceptanceOf, statementFor, type Acceptance } from '../../accept-batch.js';
import { findRecorded } from '../../find-recorded.js';
import type { PaymentCommand } from '../../payment-command.js';
import { messageOf, type EventRow } from '../../payment-message.js';
import { paymentEvents, reversalEvents } from '../../sql/payment-events.js';
import { CurrentChapter } from './current-chapter.js';

export const AMQP_URL = Symbol('as whom and through which link payments publishes by itself');

const connectMs = 2_000;
const lockWaitMs = 1_000;

/** The events of `accept-batch.ts`, without the outbox rows that belong to them. */
const untold = {
  pay: `WITH ${paymentEvents} SELECT * FROM event`,
  reverse: `WITH ${reversalEvents} SELECT * FROM event`,
};

/**
 * Chapter 1: a payment is committed, then published, and nothing holds the two together. What production writes into the
 * outbox, in the payment's own transaction, goes straight to the socket here, after it.
 */
@Injectable()
export class DualWrite implements OnApplicationShutdown {
  private readonly logger = new Logger('chapter 1');
  private publisher: UnconfirmedPublisher | undefined;

  constructor(
    @InjectDataSource() private readonly database: DataSource,
    @Inject(AMQP_URL) private readonly amqpUrl: string | undefined,
    current: CurrentChapter,
  ) {
    current.follow((chapter) => this.connectIf(chapter === 1));
  }

  get possible(): boolean {
    return this.amqpUrl !== undefined;
  }

  /** Inserts without an outbox row, commits, then publishes. @throws TemporarilyUnavailable nothing was paid */
  async accept(command: PaymentCommand): Promise<Acceptance> {
    faultPoint('payments.before-transaction');
    const { acceptance, message } = await this.insert(command);
    faultPoint('payments.after-commit'); // a process that dies here has taken the money and told nobody
    if (message !== undefined) this.publish(message);
    return acceptance;
  }

  /** Resolves when messages can be published, or the broker was found to be away, or two seconds have passed. */
  async tried(): Promise<void> {
    const until = performance.now() + connectMs;
    const tried = () => this.publisher?.connected || this.publisher?.away;
    while (!tried() && performance.now() < until) await pause(20);
  }

  // In the last phase, when what was in hand has been answered: that was to be published.
  async onApplicationShutdown(): Promise<void> {
    await this.disconnect();
  }

  // The connection exists only while this chapter is on: otherwise payments has no business with the broker.
  private connectIf(on: boolean): void {
    if (!on) return void this.disconnect();
    if (this.amqpUrl === undefined) return;
    this.publisher ??= new UnconfirmedPublisher({
      url: this.amqpUrl,
      name: 'paid-once payments (chapter 1)',
      exchange: paymentsExchange,
    });
  }

  private async disconnect(): Promise<void> {
    const { publisher } = this;
    this.publisher = undefined;
    await publisher?.close();
  }

  private async insert(
    command: PaymentCommand,
  ): Promise<{ acceptance: Acceptance; message?: MessageSource }> {
    try {
      const paid = await inTransaction(this.database, async (tx) => {
        const { sql, parameters } = statementFor([command], lockWaitMs, untold);
        const [event] = await tx.query<EventRow[]>(sql, parameters);
        return event && { acceptance: acceptanceOf(event), message: await sourceOf(tx, event) };
      });
      if (paid) return paid;
      const [acceptance] = await findRecorded(this.database, [command]);
      if (!acceptance) throw new Error('Bug: a command was not answered');
      return { acceptance };
    } catch (error) {
      if (sqlState(error) === undefined) throw error;
      this.logger.warn(`Postgres refused a payment with SQLSTATE ${sqlState(error)}`);
      throw new TemporarilyUnavailable(
        'The database refused this. Nothing was paid; send the request again.',
      );
    }
  }

  private publish(message: MessageSource): void {
    const failure = this.publisher
      ? this.publisher.publish(wireMessage(message))
      : 'there is no connection yet';
    // This is the naive mistake: the payment is committed and will be answered 201, whatever became of its message.
    if (failure !== undefined)
      this.logger.warn(`payment ${message.key} is accepted, but its message is lost: ${failure}`, {
        paymentId: message.key,
      });
  }
}

/**
 * What an outbox row would have held.
 * @throws TemporarilyUnavailable another chapter was switched to, and this process has not seen it yet
 */
async function sourceOf(tx: EntityManager, event: EventRow): Promise<MessageSource> {
  const { type, key, headers = {}, payload } = messageOf(event);
  const [found] = await tx.query<{ chapter: number; shard: number; run_id: string; created_at: Date }[]>(
    `SELECT chapter, outbox_shard($1) AS shard, run_id, clock_timestamp() AS created_at
       FROM outbox_settings, lab_chapter`,
    [key],
  );
  if (!found) throw new Error('Bug: outbox or lab have no settings after setup');
  const { chapter, ...settings } = found;
  // Inside the transaction: no payment of a later chapter goes without its outbox row, however slow the link is.
  if (chapter !== 1)
    throw new TemporarilyUnavailable(
      `Chapter ${chapter} has begun. Nothing was paid; send the request again.`,
    );
  return { message_id: event.message_id, type, key, headers, payload, ...settings };
}
