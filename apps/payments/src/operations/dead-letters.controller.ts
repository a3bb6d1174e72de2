import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { InjectDataSource } from '@nestjs/typeorm';
import { isPlainText } from '@paid-once/contracts';
import {
  dropDeadLetters,
  listDeadLetters,
  requestRedrive,
  type DeadLetter,
  type Requested,
} from '@paid-once/outbox';
import {
  Answers,
  ApiProblems,
  BodyLimit,
  listBodyBytes,
  parameters,
  ParameterInvalid,
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
import * as examples from '../api-examples.js';
import { askOutbox } from './ask-outbox.js';
import { deadPayments, type DeadPayments } from './dead-letter-groups.js';
import { CountDiffers } from './problems.js';
import { dropRequest, filterOf, redriveRequest, requesterOf } from './requests.js';

const reasonParameter: QueryParameter = { name: 'reason', schema: { type: 'string' }, read: readReason };

const afterParameter: QueryParameter = {
  name: 'after',
  description: 'What `next` of the page before said.',
  schema: { type: 'string', pattern: '^\\d{1,18}$' },
  read: readAfter,
};

/** What can never be published, and what a person can do about it. */
@ApiTags('operations')
@Controller('outbox/dead-letters')
export class DeadLettersController {
  constructor(@InjectDataSource() private readonly database: DataSource) {}

  /** By reason and type, with number, money and age. `dropped=true`: those that were dropped. */
  @Get()
  @Takes(parameters.dropped)
  @Answers(examples.deadLetterGroups)
  groups(@Query('dropped') dropped: unknown): Promise<DeadPayments> {
    return deadPayments(this.database, readFlag('dropped', dropped));
  }

  /** One by one, oldest first, the dropped ones too; `next` is what to give as `after` for the next page. */
  @Get('messages')
  @Takes(reasonParameter, parameters.payments, afterParameter, parameters.limit)
  @Answers(examples.deadLetters)
  async list(@Query() query: Record<string, unknown>) {
    const limit = readLimit(query['limit']);
    const found = await reading(this.database, (db) =>
      listDeadLetters(db, readFilter(query), readAfter(query['after']), limit + 1),
    );
    const items = found.slice(0, limit);
    return { items: items.map(viewOf), next: found.length > limit ? (items.at(-1)?.id ?? null) : null };
  }

  /** Has them published again with all that is dead of the same payments, in order. What fails again stays. */
  @Post('redrive')
  @HttpCode(202)
  @BodyLimit(listBodyBytes)
  @TakesBody(redriveRequest, examples.redriveRequest)
  @Answers(examples.redrive, { status: 202 })
  redrive(@Body() body: unknown): Promise<Requested> {
    const request = readBody(redriveRequest, body);
    return askOutbox(this.database, (tx) => requestRedrive(tx, filterOf(request), requesterOf(request)));
  }

  /** Gives them up for good. `expect`: how many they are; if that is wrong, nothing is dropped. */
  @Post('drop')
  @HttpCode(200)
  @BodyLimit(listBodyBytes)
  @TakesBody(dropRequest, examples.dropRequest)
  @ApiProblems(new CountDiffers(2, 3))
  @Answers(examples.drop)
  async drop(@Body() body: unknown): Promise<{ dropped: number }> {
    const { expect, ...request } = readBody(dropRequest, body);
    const outcome = await askOutbox(this.database, (tx) =>
      dropDeadLetters(tx, filterOf(request), expect, requesterOf(request)),
    );
    if ('counted' in outcome) throw new CountDiffers(expect, outcome.counted);
    return outcome;
  }
}

function readFilter({ reason, payment }: Record<string, unknown>): { reason?: string; keys?: string[] } {
  return {
    ...(reason !== undefined && { reason: readReason(reason) }),
    ...(payment !== undefined && { keys: [payment].flat().map((id) => readId('payment', id)) }),
  };
}

function readReason(reason: unknown): string {
  if (typeof reason === 'string' && isPlainText(reason)) return reason;
  throw new ParameterInvalid('reason: give one reason.');
}

function readAfter(after: unknown): string {
  if (after === undefined) return '0';
  if (typeof after === 'string' && /^\d{1,18}$/.test(after)) return after;
  throw new ParameterInvalid('after: give what `next` of the page before says.');
}

function viewOf({ key, ...message }: DeadLetter) {
  return { ...message, paymentId: key };
}
