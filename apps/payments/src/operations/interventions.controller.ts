import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { InjectDataSource } from '@nestjs/typeorm';
import {
  findIntervention,
  listInterventions,
  openInterventions,
  requestReplay,
  type Intervention,
  type Requested,
} from '@paid-once/outbox';
import {
  Answers,
  ApiProblems,
  BodyLimit,
  listBodyBytes,
  parameters,
  readBody,
  reading,
  readLimit,
  Takes,
  TakesBody,
} from '@paid-once/service';
import { DataSource } from 'typeorm';
import * as examples from '../api-examples.js';
import { askOutbox } from './ask-outbox.js';
import { InterventionNotFound } from './problems.js';
import { replayPayments, type RequestedReplay } from './replay-payments.js';
import { replayRequest, requesterOf } from './requests.js';

/** What was asked of the relays, by whom and why, and how far they are. */
@ApiTags('operations')
@Controller('outbox')
export class InterventionsController {
  constructor(@InjectDataSource() private readonly database: DataSource) {}

  /**
   * Has messages published again, between the live ones: those of some `payments`, or what came in the last so many
   * seconds (`messages` is an estimate then). The ledger takes each once, however often it comes.
   */
  @Post('replays')
  @HttpCode(202)
  @BodyLimit(listBodyBytes)
  @TakesBody(replayRequest, examples.replayRequest)
  @Answers(examples.replay, { status: 202 })
  replay(@Body() body: unknown): Promise<Requested & Partial<RequestedReplay> & { estimated?: boolean }> {
    const { payments, sinceSeconds = 0, ...who } = readBody(replayRequest, body);
    if (payments) return replayPayments(this.database, payments, requesterOf(who));
    return askOutbox(this.database, async (tx) => ({
      ...(await requestReplay(tx, { sinceSeconds }, requesterOf(who))),
      notInHistory: [],
    }));
  }

  /** The newest first, and how many are not finished. */
  @Get('interventions')
  @Takes(parameters.limit)
  @Answers(examples.interventions)
  list(@Query('limit') limit: unknown): Promise<{ items: Intervention[]; open: number }> {
    const count = readLimit(limit);
    return reading(this.database, async (db) => ({
      items: await listInterventions(db, count),
      open: await openInterventions(db),
    }));
  }

  @Get('interventions/:id')
  @ApiProblems(new InterventionNotFound())
  @Answers(examples.intervention)
  async find(@Param('id') id: string): Promise<Intervention> {
    const found = /^\d{1,18}$/.test(id)
      ? await reading(this.database, (db) => findIntervention(db, id))
      : undefined;
    if (!found) throw new InterventionNotFound();
    return found;
  }
}
