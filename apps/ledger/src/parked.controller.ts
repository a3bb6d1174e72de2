import { Body, Controller, Get, HttpCode, Inject, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { InjectDataSource } from '@nestjs/typeorm';
import { currencyDecimals, formatAmount } from '@paid-once/contracts';
import {
  listParked,
  parkedGroups,
  ParkedIntervention,
  parkReasons,
  type ListedMessage,
  type ParkedGroup,
} from '@paid-once/inbox';
import {
  Answers,
  ApiProblems,
  BodyLimit,
  listBodyBytes,
  parameters,
  readBody,
  readFlag,
  readId,
  reading,
  readLimit,
  Takes,
  TakesBody,
  type QueryParameter,
} from '@paid-once/service';
import { DataSource } from 'typeorm';
import * as examples from './api-examples.js';
import { afterParameter, readText } from './parameters.js';
import { dropRequest, filterOf, redriveRequest } from './parked-requests.js';
import { CountIsAnother, drop, redrive } from './redrive.js';
import { LEDGER_SETTINGS, type LedgerSettings } from './settings.js';
import { parkedMoney } from './sql/parked-money.js';

const rowId = /^\d{1,18}$/;

const reasonParameter: QueryParameter = {
  name: 'reason',
  schema: { type: 'string', enum: [...parkReasons] },
  read: readReason,
};

/** What was set aside, and what a person can do about it. */
@ApiTags('operations')
@Controller('parked')
export class ParkedController {
  constructor(
    @InjectDataSource() private readonly database: DataSource,
    @Inject(LEDGER_SETTINGS) private readonly settings: LedgerSettings,
  ) {}

  /** The messages that were set aside, the latest first. `dropped=true`: with those that were dropped. */
  @Get()
  @Takes(reasonParameter, parameters.payments, afterParameter(rowId), parameters.dropped, parameters.limit)
  @Answers(examples.parked)
  async parked(
    @Query() query: Record<string, unknown>,
  ): Promise<{ count: number; items: ListedMessage[]; next: string | null }> {
    const { reason, payment, after, dropped, limit } = query;
    const page = {
      reason: reason === undefined ? undefined : readReason(reason),
      keys: payment === undefined ? undefined : [payment].flat().map((id) => readId('payment', id)),
      after: after === undefined ? undefined : readText('after', after, rowId),
      dropped: readFlag('dropped', dropped),
      limit: readLimit(limit),
    };
    const { count, messages, next } = await reading(this.database, (db) => listParked(db, page));
    return { count, items: messages, next };
  }

  /** By reason and type, with their number, money in major units, and age. `dropped=true`: those that were dropped. */
  @Get('groups')
  @Takes(parameters.dropped)
  @Answers(examples.groups)
  async groups(@Query('dropped') dropped: unknown) {
    const which = { dropped: readFlag('dropped', dropped) };
    const rows = await reading(this.database, (db) => parkedGroups(db, parkedMoney, which));
    const byName = Map.groupBy(rows, ({ reason, type }) => `${reason} ${type}`);
    return {
      count: rows.reduce((sum, { count }) => sum + count, 0),
      groups: [...byName.values()].map(viewOf),
    };
  }

  /** Who redrove or dropped what, and why; the latest first. */
  @Get('interventions')
  @Takes(parameters.limit)
  @Answers(examples.interventions)
  async interventions(@Query('limit') limit: unknown) {
    return await reading(this.database, async (db) => {
      const all = db.getRepository(ParkedIntervention);
      const items = await all.find({ order: { id: 'DESC' }, take: readLimit(limit) });
      const open = await all.createQueryBuilder().where('finished_at IS NULL').getCount();
      return {
        items: items.map(({ requestedBy: by, untilId: _untilId, ...item }) => ({ ...item, by })),
        open,
      };
    });
  }

  /**
   * Tries the oldest of these again, at most `limit` (500) at once: what can be posted is, with what waited for it.
   * Ask again, with the same `by` and `why`, until nothing remains. Forged ones only once their user is trusted, or if they
   * are named by their ids.
   */
  @Post('redrive')
  @HttpCode(200)
  @BodyLimit(listBodyBytes)
  @TakesBody(redriveRequest, examples.redriveRequest)
  @Answers(examples.redriven)
  async redrive(@Body() body: unknown) {
    const { by, why, limit, ...asked } = readBody(redriveRequest, body);
    const { PAID_ONCE_LEDGER_TRUSTS: users } = this.settings;
    const done = await redrive(this.database, { which: filterOf(asked), who: { by, why }, limit, users });
    const { tally, remaining, untrusted, intervention } = done;
    const repeated = Object.values(tally.repeated).reduce((sum, count) => sum + count, 0);
    const redriven = { posted: tally.done, repeated, parkedAgain: tally.parked };
    return { redriven, remaining, untrusted, intervention };
  }

  /** Decides that these are never posted. `expect`: how many these are; if that is wrong, nothing is dropped. */
  @Post('drop')
  @HttpCode(200)
  @BodyLimit(listBodyBytes)
  @TakesBody(dropRequest, examples.dropRequest)
  @ApiProblems(new CountIsAnother({ expected: 3, counted: 4 }))
  @Answers(examples.drop)
  async drop(@Body() body: unknown): Promise<{ dropped: number }> {
    const { by, why, expect, ...asked } = readBody(dropRequest, body);
    await drop(this.database, { which: filterOf(asked), who: { by, why }, expected: expect });
    return { dropped: expect };
  }
}

function viewOf(rows: ParkedGroup[]) {
  const times = (name: 'firstSeen' | 'lastSeen') => rows.map((row) => row[name].getTime());
  return {
    reason: rows[0]?.reason,
    type: rows[0]?.type,
    count: rows.reduce((sum, { count }) => sum + count, 0),
    totals: Object.fromEntries(rows.flatMap(totalOf)),
    firstSeen: new Date(Math.min(...times('firstSeen'))).toISOString(),
    lastSeen: new Date(Math.max(...times('lastSeen'))).toISOString(),
    oldestSeconds: Math.max(...rows.map(({ oldestSeconds }) => Math.round(oldestSeconds))),
  };
}

function totalOf({ unit, amount }: ParkedGroup): [currency: string, total: string][] {
  if (unit === null || amount === null || currencyDecimals(unit) === undefined) return [];
  return [[unit, formatAmount(BigInt(amount), unit)]];
}

function readReason(reason: unknown): string {
  return readText('reason', reason, /^[a-z-]{1,40}$/, 'one reason');
}
