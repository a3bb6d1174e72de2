import { Controller, Get, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { InjectDataSource } from '@nestjs/typeorm';
import { formatAmount, type PaymentEventType } from '@paid-once/contracts';
import { reading, sendNdjson } from '@paid-once/service';
import type { FastifyReply } from 'fastify';
import { DataSource } from 'typeorm';
import { firstId, ParameterInvalid, readId } from './parameters.js';
import { digestTransfersSql, exportPageSql, stationsSql, statsSql, type ExportedRow } from './sql/export.js';

const pageRows = 10_000;
const maxStations = 1_000;
const afterAll = 32_767;

/** The ledger's side, for whoever compares it with payments. No snapshot is held between pages. */
@ApiTags('compare')
@Controller()
export class CompareController {
  constructor(@InjectDataSource() private readonly database: DataSource) {}

  /** Count of payments, money net of reversals in major units, count of reversals. */
  @Get('stats')
  async stats(): Promise<{ count: number; totals: Record<string, string>; reversals: number }> {
    const rows = await reading(this.database, (db) => db.query<StatsRow[]>(statsSql));
    return {
      count: rows.reduce((count, { payments }) => count + Number(payments), 0),
      totals: Object.fromEntries(
        rows.map((row) => [row.currency, formatAmount(BigInt(row.net_minor), row.currency)]),
      ),
      reversals: rows.reduce((count, { reversals }) => count + Number(reversals), 0),
    };
  }

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
    const [digest] = await reading(this.database, (db) => db.query<object[]>(digestTransfersSql, range));
    return digest ?? {};
  }

  /** Where the events of these payments are: posted, parked (and why), or waiting for their predecessor. */
  @Get('stations')
  async stations(@Query('payment') payment: unknown): Promise<object[]> {
    const ids = [payment ?? []].flat().map((id) => readId('payment', id));
    if (ids.length > maxStations)
      throw new ParameterInvalid(`payment: at most ${maxStations} in one request.`);
    const rows = await reading(this.database, (db) => db.query<StationRow[]>(stationsSql, [ids]));
    return rows.map(({ payment_id, type, station, reason, message_id, since }) => ({
      paymentId: payment_id,
      type,
      station,
      reason,
      messageId: message_id,
      since: since.toISOString(),
    }));
  }

  private async *pages(position: [id: string, kind: string, occurrence: number]): AsyncGenerator<object[]> {
    for (;;) {
      const rows = await reading(this.database, (db) =>
        db.query<ExportedRow[]>(exportPageSql, [...position, pageRows]),
      );
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
      position = [last.payment_id, last.kind, last.occurrence];
    }
  }
}

interface StatsRow {
  currency: string;
  payments: string;
  reversals: string;
  net_minor: string;
}

interface StationRow {
  payment_id: string;
  type: PaymentEventType;
  station: 'posted' | 'parked' | 'waiting';
  reason: string | null;
  message_id: string | null;
  since: Date;
}

function readPosition(after: unknown): [id: string, kind: string, occurrence: number] {
  if (after === undefined) return [firstId, '', 0];
  const [id, type = 'payment.reversed'] = typeof after === 'string' ? after.split('/') : [];
  return [readId('after', id), type === 'payment.accepted' ? 'payment' : 'reversal', afterAll];
}
