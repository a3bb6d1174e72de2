import { Controller, Get, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { InjectDataSource } from '@nestjs/typeorm';
import {
  afterAll,
  bucketPages,
  digestOf,
  sideExamples,
  statsOf,
  type Digest,
  type DigestSource,
  type RunQuery,
  type Station,
  type Stats,
} from '@paid-once/compare';
import type { PaymentEventType } from '@paid-once/contracts';
import {
  Answers,
  firstId,
  ndjson,
  parameters,
  ParameterInvalid,
  readDigits,
  readId,
  reading,
  readRange,
  readUuid,
  sendNdjson,
  Takes,
  Turns,
} from '@paid-once/service';
import type { FastifyReply } from 'fastify';
import { DataSource } from 'typeorm';
import * as examples from './api-examples.js';
import { digestTransfersSql, exportPageSql, stationsSql, statsSql, type ExportedRow } from './sql/export.js';

const pageRows = 10_000;
const maxStations = 1_000;
/** Pages that may be read at a time: transfers are posted beside them. */
const pagesAtATime = 2;

/** The ledger's side, for whoever compares it with payments. No snapshot is held between pages. */
@ApiTags('compare')
@Controller()
export class CompareController {
  private readonly query: RunQuery;
  private readonly source: DigestSource;

  constructor(@InjectDataSource() private readonly database: DataSource) {
    const turns = new Turns(pagesAtATime);
    this.query = (sql, parameters) => turns.take(() => reading(database, (db) => db.query(sql, parameters)));
    this.source = { query: this.query, sql: digestTransfersSql };
  }

  /** Count of payments, money net of reversals in major units, count of reversals. */
  @Get('stats')
  @Answers(sideExamples.stats)
  stats(): Promise<Stats> {
    return statsOf(this.query, 'transfer', statsSql);
  }

  /**
   * All events, one JSON object a line, in the order of payment id and type. `after`: a payment id, or id/type; `until`: the
   * last payment id; `olderThan`: the message id from which on events are left out.
   */
  @Get('export')
  @Takes(parameters.position, parameters.until, parameters.olderThan)
  @Answers(sideExamples.exported, ndjson)
  async export(@Query() query: Record<string, unknown>, @Res() reply: FastifyReply): Promise<void> {
    const { after, ...ends } = query;
    const { until = afterAll, olderThan } = readRange(ends);
    await sendNdjson(reply, this.pages(readPosition(after), until, olderThan));
  }

  /** Count, sum and order-free hash of the payments from `from` up to, but without, `to`. */
  @Get('digest')
  @Takes(parameters.from, parameters.to)
  @Answers(sideExamples.digest)
  digest(@Query('from') from: unknown, @Query('to') to: unknown): Promise<Digest> {
    return digestOf(
      this.source,
      from === undefined ? undefined : readId('from', from),
      to === undefined ? undefined : readId('to', to),
    );
  }

  /**
   * A digest for each bucket of payment ids, one JSON object a line, in order. `digits`: how many hex digits make a
   * bucket, 8 (65.5 s) to 12; `after`, `until`: a range of ids; `olderThan`: the message id from which on events are left out.
   */
  @Get('digests')
  @Takes(parameters.after, parameters.until, parameters.olderThan, parameters.digits)
  @Answers(sideExamples.digests, ndjson)
  async digests(@Query() query: Record<string, unknown>, @Res() reply: FastifyReply): Promise<void> {
    await sendNdjson(reply, bucketPages(this.source, readRange(query), readDigits(query['digits'])));
  }

  /** Where the events of these payments are: posted, parked (and why), or waiting; and who dropped what was parked, and why. */
  @Get('stations')
  @Takes(parameters.payments)
  @Answers(examples.stations)
  async stations(@Query('payment') payment: unknown): Promise<Station[]> {
    const ids = [payment ?? []].flat().map((id) => readId('payment', id));
    if (ids.length > maxStations)
      throw new ParameterInvalid(`payment: at most ${maxStations} in one request.`);
    const rows = await reading(this.database, (db) => db.query<StationRow[]>(stationsSql, [ids]));
    return rows.map(({ payment_id, message_id, since, dropped_by, dropped_why, ...row }) => ({
      ...row,
      paymentId: payment_id,
      messageId: message_id,
      since: since.toISOString(),
      droppedBy: dropped_by,
      droppedWhy: dropped_why,
    }));
  }

  private async *pages(
    position: [id: string, kind: string, occurrence: number],
    until: string,
    olderThan: string | undefined,
  ): AsyncGenerator<object[]> {
    for (;;) {
      const page = [...position, pageRows, until];
      const rows = await this.query<ExportedRow>(exportPageSql, page);
      // Not in the statement: where few rows are that old, it would read on and on to fill its page.
      yield rows.filter(({ message_id }) => olderThan === undefined || message_id < olderThan).map(exported);
      const last = rows.at(-1);
      if (rows.length < pageRows || !last) return;
      position = [last.payment_id, last.kind, last.occurrence];
    }
  }
}

function exported(row: ExportedRow): object {
  return {
    paymentId: row.payment_id,
    type: row.type,
    messageId: row.message_id,
    src: row.src,
    dest: row.dest,
    amountMinor: row.amount_minor,
    currency: row.currency,
  };
}

interface StationRow {
  payment_id: string;
  type: PaymentEventType;
  station: 'posted' | 'parked' | 'waiting';
  reason: string | null;
  message_id: string | null;
  since: Date;
  dropped_by: string | null;
  dropped_why: string | null;
}

const afterEveryOccurrence = 32_767;

/** Where an export begins: after a payment id, or after one of its events, `id/type`. */
function readPosition(after: unknown): [id: string, kind: string, occurrence: number] {
  if (after === undefined) return [firstId, '', 0];
  const [id = '', type = 'payment.reversed'] = typeof after === 'string' ? after.split('/') : [];
  return [readUuid('after', id), type === 'payment.accepted' ? 'payment' : 'reversal', afterEveryOccurrence];
}
