import { Controller, Get, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { InjectDataSource } from '@nestjs/typeorm';
import { isUuidV7, type PaymentEventType } from '@paid-once/contracts';
import { stationsOf, type MessageStation } from '@paid-once/outbox';
import { reading, sendNdjson } from '@paid-once/service';
import type { FastifyReply } from 'fastify';
import { DataSource } from 'typeorm';
import { ParameterInvalid } from './payment-problems.js';
import { digestPaymentsSql, eventsOfPaymentsSql, exportPageSql, type ExportedRow } from './sql/export.js';

const pageRows = 10_000;
const maxStations = 1_000;
const firstId = '00000000-0000-0000-0000-000000000000';

interface Station {
  paymentId: string;
  type: PaymentEventType;
  messageId: string;
  station: MessageStation;
  since: string;
}

/** The payments side, for whoever compares it with the ledger. No snapshot is held between pages. */
@ApiTags('compare')
@Controller()
export class ExportController {
  constructor(@InjectDataSource() private readonly database: DataSource) {}

  /** All events, one JSON object a line, in the order of payment id and type. `after`: a payment id, or id/type. */
  @Get('export')
  async export(@Query('after') after: unknown, @Res() reply: FastifyReply): Promise<void> {
    await sendNdjson(reply, this.pages(readPosition(after)));
  }

  /** Count, sum and order-free hash of the payments from `from` up to, but without, `to`. */
  @Get('digest')
  async digest(@Query('from') from: unknown, @Query('to') to: unknown): Promise<object> {
    const range = [
      from === undefined ? firstId : readId('from', from),
      to === undefined ? null : readId('to', to),
    ];
    const [digest] = await reading(this.database, (db) => db.query<object[]>(digestPaymentsSql, range));
    return digest ?? {};
  }

  /** Where the messages of these payments are: still in the outbox, published, or dead-lettered. */
  @Get('stations')
  async stations(@Query('payment') payment: unknown): Promise<Station[]> {
    const ids = [payment ?? []].flat().map((id) => readId('payment', id));
    if (ids.length > maxStations)
      throw new ParameterInvalid(`payment: at most ${maxStations} in one request.`);
    const events = await reading(this.database, (db) => db.query<ExportedRow[]>(eventsOfPaymentsSql, [ids]));
    const places = await reading(this.database, (db) => stationsOf(db, ids));
    return events.map(({ payment_id, type, message_id, created_at }) => ({
      paymentId: payment_id,
      type,
      messageId: message_id,
      station: places.get(message_id) ?? 'published', // history that retention has removed was published
      since: created_at.toISOString(),
    }));
  }

  private async *pages([afterId, afterType]: [string, string]): AsyncGenerator<object[]> {
    for (;;) {
      const position = [afterId, afterType, pageRows];
      const rows = await reading(this.database, (db) => db.query<ExportedRow[]>(exportPageSql, position));
      yield rows.map((row) => ({
        paymentId: row.payment_id,
        type: row.type,
        messageId: row.message_id,
        src: row.src,
        dest: row.dest,
        amountMinor: row.amount_minor,
        currency: row.currency,
      }));
      const last = rows.at(-1);
      if (rows.length < pageRows || !last) return;
      [afterId, afterType] = [last.payment_id, last.type];
    }
  }
}

function readPosition(after: unknown): [id: string, type: string] {
  if (after === undefined) return [firstId, ''];
  const [id = '', type] = typeof after === 'string' ? after.split('/') : [];
  return [readId('after', id), type ?? '~']; // '~' sorts after every type: an id alone means all of its events
}

function readId(parameter: string, id: unknown): string {
  if (typeof id === 'string' && (id === firstId || isUuidV7(id))) return id;
  throw new ParameterInvalid(`${parameter}: give the id of a payment.`);
}
