import { Controller, Get, Param, Query, Req } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { sideExamples, type Stats } from '@paid-once/compare';
import { isUuidV7 } from '@paid-once/contracts';
import { callerOf } from '@paid-once/credentials';
import {
  Answers,
  ApiProblems,
  Needs,
  parameters,
  ParameterInvalid,
  readLimit,
  refuseParameters,
  Takes,
  uuid,
  type Caller,
  type QueryParameter,
} from '@paid-once/service';
import type { FastifyRequest } from 'fastify';
import * as examples from './api-examples.js';
import { FindPayments, type PaymentPage } from './find-payments.js';
import { PaymentNotFound } from './payment-problems.js';
import type { Payment } from './payment.js';
import { keyPattern } from './payment-request.js';

const cursor: QueryParameter = {
  name: 'after',
  description: 'What `next` of the page before said.',
  schema: uuid,
  read: readCursor,
};

const key: QueryParameter = {
  name: 'key',
  description: 'An idempotency key of yours: only the payment that was made with it, if any was.',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
  read: readKey,
};

@ApiTags('payments')
@Controller()
export class FindPaymentsController {
  constructor(private readonly findPayments: FindPayments) {}

  /** One payment; `status` is what it is now. */
  @Get('payments/:id')
  @Needs('read')
  @ApiProblems(new PaymentNotFound())
  @Answers(examples.payment)
  async find(@Req() request: FastifyRequest, @Param('id') id: string): Promise<Payment> {
    const payment = isUuidV7(id) ? await this.findPayments.byId(id, whose(callerOf(request))) : undefined;
    if (!payment) throw new PaymentNotFound();
    return payment;
  }

  /**
   * Payments, oldest first; `next` is what to give as `after` for the next page, null on the last. A page may hold fewer than
   * asked for, or none, and not be the last.
   */
  @Get('payments')
  @Needs('read')
  @Takes(cursor, parameters.limit, key)
  @Answers(examples.payments)
  list(@Req() request: FastifyRequest, @Query() query: Record<string, unknown>): Promise<PaymentPage> {
    const { after, limit, key: given, ...unknown } = query;
    refuseParameters(unknown);
    if (given !== undefined) return this.findPayments.byKey(readKey(given), callerOf(request).client);
    return this.findPayments.page(readCursor(after), readLimit(limit), whose(callerOf(request)));
  }

  /** Count and money, net of reversals: to be compared with the ledger's by eye. */
  @Get('stats')
  @Answers(sideExamples.stats)
  stats(): Promise<Stats> {
    return this.findPayments.stats();
  }
}

/** Whose payments somebody may see: his own, or with `operate` (undefined) everybody's. */
function whose({ client, scopes }: Caller): string | undefined {
  return scopes.has('operate') ? undefined : client;
}

const beforeAll = '00000000-0000-0000-0000-000000000000';

function readCursor(after: unknown): string {
  if (after === undefined) return beforeAll;
  if (typeof after === 'string' && isUuidV7(after)) return after;
  throw new ParameterInvalid('after: give what `next` of the page before says.');
}

function readKey(key: unknown): string {
  if (typeof key === 'string' && keyPattern.test(key)) return key;
  throw new ParameterInvalid('key: give an idempotency key, 1 to 255 visible ASCII characters.');
}
