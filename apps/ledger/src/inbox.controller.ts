import { Body, Controller, Get, HttpCode, Inject, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { InjectDataSource } from '@nestjs/typeorm';
import { isUuidV7 } from '@paid-once/contracts';
import { arrivedMessages, inboxWindow, StartedAttempt, unknownMessages } from '@paid-once/inbox';
import {
  Answers,
  listBodyBytes,
  Needs,
  parameters,
  ParameterInvalid,
  readBody,
  readId,
  reading,
  Takes,
  TakesBody,
  uuid,
  type QueryParameter,
} from '@paid-once/service';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import * as examples from './api-examples.js';
import { PaymentsConsumer } from './payments.consumer.js';
import { LEDGER_SETTINGS, type LedgerSettings } from './settings.js';
import { messagesOfPaymentSql, type MessageOfPaymentRow } from './sql/messages-of-payment.js';

const maxMarkers = 256;
const messageId = z.string().refine(isUuidV7, 'is no UUIDv7').meta({ format: 'uuid' });
const unknownRequest = z.strictObject({ messageIds: z.array(messageId).max(1_000) });

const markerIds: QueryParameter = {
  name: 'id',
  description: 'The message id of a marker; several are given as several parameters.',
  schema: { type: 'array', items: uuid, maxItems: maxMarkers },
  read: readMessageId,
};

/** What has arrived here, for who published it. */
@ApiTags('operations')
@Controller('inbox')
export class InboxController {
  constructor(
    @InjectDataSource() private readonly database: DataSource,
    private readonly consumer: PaymentsConsumer,
    @Inject(LEDGER_SETTINGS) private readonly settings: LedgerSettings,
  ) {}

  /**
   * Which markers have arrived: what was published before one of these has taken effect, is parked, or is missing.
   * Beside them, how many dead letters wait in the broker; null while that is away.
   */
  @Get('markers')
  @Needs('read')
  @Takes(markerIds)
  @Answers(examples.markers)
  async markers(
    @Query('id') id: unknown,
  ): Promise<{ arrived: string[]; deadLettersInBroker: number | null }> {
    const ids = [id ?? []].flat().map(readMessageId);
    if (ids.length > maxMarkers) throw new ParameterInvalid(`id: at most ${maxMarkers} in one request.`);
    const [arrived, deadLettersInBroker] = await Promise.all([
      reading(this.database, (db) => arrivedMessages(db, ids)),
      this.consumer.deadLettersInBroker(),
    ]);
    return { arrived, deadLettersInBroker };
  }

  /** Which of these messages never came: neither in the inbox nor parked; a damaged copy that was dropped does not count. */
  @Post('unknown')
  @HttpCode(200)
  @Needs('read', { bodyLimit: listBodyBytes })
  @TakesBody(unknownRequest, examples.unknownRequest)
  @Answers(examples.unknown)
  async unknown(@Body() body: unknown): Promise<{ unknown: string[] }> {
    const { messageIds } = readBody(unknownRequest, body);
    return { unknown: await reading(this.database, (db) => unknownMessages(db, messageIds)) };
  }

  /** All messages of a payment that came here, with what became of each. */
  @Get('messages')
  @Takes(parameters.payment)
  @Answers(examples.messages)
  async messages(@Query('payment') payment: unknown) {
    const id = readId('payment', payment);
    const rows = await reading(this.database, (db) =>
      db.query<MessageOfPaymentRow[]>(messagesOfPaymentSql, [id]),
    );
    return rows.map(viewOf);
  }

  /** Suspicious messages that are being tried alone, or whose try ended with the process: how often, and since when. */
  @Get('attempts')
  @Answers(examples.attempts)
  async attempts() {
    const attempts = await reading(this.database, (db) =>
      db.getRepository(StartedAttempt).find({ order: { startedAt: 'DESC' }, take: 100 }),
    );
    return attempts.map(({ messageId, queue, starts, startedAt }) => ({
      messageId,
      queue,
      starts,
      startedAt,
    }));
  }

  /** How far back the inbox remembers: the smallest message id it is sure of, and the setting behind it. */
  @Get('window')
  @Needs('read')
  @Answers(examples.window)
  async window(): Promise<{ oldest: string; retentionMinutes: number }> {
    const { oldest } = await reading(this.database, inboxWindow);
    return { oldest, retentionMinutes: this.settings.PAID_ONCE_INBOX_RETENTION_MINUTES };
  }
}

function viewOf({ parked, history, ...message }: MessageOfPaymentRow): MessageOfPaymentRow {
  const time = (text: string) => new Date(text).toISOString();
  return {
    ...message,
    parked: parked.map(({ firstSeenAt, lastSeenAt, droppedAt, ...row }) => ({
      ...row,
      firstSeenAt: time(firstSeenAt),
      lastSeenAt: time(lastSeenAt),
      droppedAt: droppedAt && time(droppedAt),
    })),
    history: history.map(({ at, ...ended }) => ({ ...ended, at: time(at) })),
  };
}

function readMessageId(id: unknown): string {
  if (typeof id === 'string' && isUuidV7(id)) return id;
  throw new ParameterInvalid('id: give the id of a message.');
}
