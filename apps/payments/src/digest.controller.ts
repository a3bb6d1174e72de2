import { Controller, Get, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { InjectDataSource } from '@nestjs/typeorm';
import {
  bucketPages,
  digestOf,
  sideExamples,
  type Digest,
  type DigestSource,
  type RunQuery,
} from '@paid-once/compare';
import {
  Answers,
  ndjson,
  parameters,
  ParameterInvalid,
  readDigits,
  readId,
  reading,
  readRange,
  sendNdjson,
  Takes,
  Turns,
  type QueryParameter,
} from '@paid-once/service';
import type { FastifyReply } from 'fastify';
import { DataSource } from 'typeorm';
import * as examples from './api-examples.js';
import { digestPaymentsSql, messageIdFloorSql } from './sql/digests.js';

/** Pages of digests that may be read at a time: payments are accepted beside them. */
const pagesAtATime = 2;

const secondsAgo: QueryParameter = {
  name: 'seconds',
  required: true,
  schema: { type: 'number', minimum: 0, maximum: 315_360_000 },
  read: readSeconds,
};

/** Digests of what payments accepted: where they equal the ledger's, no row need be compared. */
@ApiTags('compare')
@Controller()
export class DigestController {
  private readonly source: DigestSource;

  constructor(@InjectDataSource() private readonly database: DataSource) {
    const turns = new Turns(pagesAtATime);
    const query: RunQuery = (sql, parameters) =>
      turns.take(() => reading(database, (db) => db.query(sql, parameters)));
    this.source = { query, sql: digestPaymentsSql };
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

  /** What to give as `olderThan` to compare what was accepted until so many seconds ago, by this database's clock. */
  @Get('digests/bound')
  @Takes(secondsAgo)
  @Answers(examples.bound)
  async bound(@Query('seconds') seconds: unknown): Promise<{ olderThan: string; at: string }> {
    const ago = readSeconds(seconds);
    const [row] = await reading(this.database, (db) =>
      db.query<{ floor: string; at: Date }[]>(messageIdFloorSql, [ago]),
    );
    if (!row) throw new Error('Bug: the clock did not answer');
    return { olderThan: row.floor, at: row.at.toISOString() };
  }
}

/** At most ten years. */
function readSeconds(seconds: unknown): number {
  const value = typeof seconds === 'string' && /^\d{1,9}(\.\d{1,6})?$/.test(seconds) ? Number(seconds) : -1;
  if (value < 0 || value > 315_360_000) throw new ParameterInvalid('seconds: give a number of seconds.');
  return value;
}
