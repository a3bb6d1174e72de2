import { Controller, Get, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { InjectDataSource } from '@nestjs/typeorm';
import { afterAll, sideExamples } from '@paid-once/compare';
import { isUuid, type PaymentEventType } from '@paid-once/contracts';
import {
  listDeadLetters,
  markersOf,
  stationsOf,
  type DeadLetter,
  type MessagePlace,
  type MessageStation,
  type Reader,
} from '@paid-once/outbox';
import {
  Answers,
  ApiProblems,
  firstId,
  ndjson,
  parameters,
  ParameterInvalid,
  readId,
  reading,
  readRange,
  readUuid,
  sendNdjson,
  Takes,
  Turns,
  uuid,
  type QueryParameter,
} from '@paid-once/service';
import type { FastifyReply } from 'fastify';
import { DataSource } from 'typeorm';
import * as examples from './api-examples.js';
import { MarkersNotFound } from './operations/problems.js';
import { eventsOfPaymentsSql, exportPageSql, type ExportedRow } from './sql/export.js';

const pageRows = 10_000;
/** Payments are accepted beside them. */
const pagesAtATime = 2;
const maxStations = 1_000;
/** It is accepted, and may be reversed. */
const eventsOfPayment = 2;

const markerSet: QueryParameter = {
  name: 'marker',
  description: 'The id of a set of markers.',
  schema: uuid,
  read: readMarker,
};

interface Station {
  paymentId: string;
  type: PaymentEventType;
  messageId: string;
  station: MessageStation;
  /** When it was accepted; of a dead letter, when it died. */
  since: string;
  /** Of a dead letter: why, and who gave it up and why if somebody did. */
  reason?: string;
  droppedBy?: string | null;
  droppedWhy?: string | null;
  /** With `marker`: whether it was published before that. */
  beforeMarker?: boolean;
}

/** The payments side, for whoever compares it with the ledger. No snapshot is held between pages. */
@ApiTags('compare')
@Controller()
export class ExportController {
  private readonly turns = new Turns(pagesAtATime);

  constructor(@InjectDataSource() private readonly database: DataSource) {}

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

  /**
   * Where the messages of these payments are: still in the outbox, published, or dead-lettered. `marker`: a set of markers;
   * what was published before it and is not at the ledger when the marker is, is missing.
   */
  @Get('stations')
  @Takes(parameters.payments, markerSet)
  @ApiProblems(new MarkersNotFound())
  @Answers(examples.stations)
  async stations(@Query('payment') payment: unknown, @Query('marker') marker: unknown): Promise<Station[]> {
    const ids = [payment ?? []].flat().map((id) => readId('payment', id));
    if (ids.length > maxStations)
      throw new ParameterInvalid(`payment: at most ${maxStations} in one request.`);
    const set = marker === undefined ? undefined : readMarker(marker);
    const { events, places, dead, markers } = await reading(this.database, async (db) => {
      // The events first: of one that is accepted right after that, no place would be found either.
      const accepted = await db.query<ExportedRow[]>(eventsOfPaymentsSql, [ids]);
      const found = await stationsOf(db, ids, set);
      return {
        events: accepted,
        places: found,
        dead: await this.deadLettersOf(db, ids, found),
        markers: set === undefined ? [] : await markersOf(db, set),
      };
    });
    if (set !== undefined && markers.length === 0) throw new MarkersNotFound();
    return events.map(({ payment_id, type, message_id, created_at }) => ({
      paymentId: payment_id,
      type,
      messageId: message_id,
      // Of what retention has removed there is no row: it was published, and long ago.
      ...(places.get(message_id) ?? {
        station: 'published',
        ...(set !== undefined && { beforeMarker: true }),
      }),
      since: created_at.toISOString(),
      ...ofDeadLetter(dead.get(message_id)),
    }));
  }

  private async deadLettersOf(
    db: Reader,
    ids: string[],
    places: ReadonlyMap<string, MessagePlace>,
  ): Promise<Map<string, DeadLetter>> {
    const isDead = [...places.values()].some(({ station }) => station === 'dead-lettered');
    const letters = isDead
      ? await listDeadLetters(db, { keys: ids }, '0', eventsOfPayment * maxStations)
      : [];
    return new Map(letters.map((letter) => [letter.messageId, letter]));
  }

  private async *pages(
    [afterId, afterType]: [string, string],
    until: string,
    olderThan: string | undefined,
  ): AsyncGenerator<object[]> {
    for (;;) {
      const position = [afterId, afterType, pageRows, until];
      const rows = await this.turns.take(() =>
        reading(this.database, (db) => db.query<ExportedRow[]>(exportPageSql, position)),
      );
      // Not in the statement: where few rows are that old, it would read on and on to fill its page.
      yield rows.filter(({ message_id }) => olderThan === undefined || message_id < olderThan).map(exported);
      const last = rows.at(-1);
      if (rows.length < pageRows || !last) return;
      [afterId, afterType] = [last.payment_id, last.type];
    }
  }
}

function ofDeadLetter(letter: DeadLetter | undefined): Partial<Station> {
  if (letter === undefined) return {};
  const { reason, diedAt, droppedBy, droppedWhy } = letter;
  return { reason, since: diedAt.toISOString(), droppedBy, droppedWhy };
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

function readMarker(marker: unknown): string {
  if (typeof marker === 'string' && isUuid(marker)) return marker;
  throw new ParameterInvalid('marker: give the id of a set of markers.');
}

/** Where an export begins: after a payment id, or after one of its events, `id/type`. */
function readPosition(after: unknown): [id: string, type: string] {
  if (after === undefined) return [firstId, ''];
  const [id = '', type] = typeof after === 'string' ? after.split('/') : [];
  return [readUuid('after', id), type ?? '~']; // '~' sorts after every type: an id alone means all of its events
}
