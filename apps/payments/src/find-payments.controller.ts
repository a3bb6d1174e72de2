import { Controller, Get, Param, Query, Req } from '@nestjs/common';
import { ApiQuery, ApiTags } from '@nestjs/swagger';
import type { Stats } from '@paid-once/compare';
import { isUuidV7 } from '@paid-once/contracts';
import { callerOf } from '@paid-once/credentials';
import { Needs, ParameterInvalid, readLimit, refuseParameters, type Caller } from '@paid-once/service';
import type { FastifyRequest } from 'fastify';
import { FindPayments, type PaymentPage } from './find-payments.js';
import { PaymentNotFound } from './payment-problems.js';
import type { Payment } from './payment.js';

@ApiTags('payments')
@Controller()
export class FindPaymentsController {
  constructor(private readonly findPayments: FindPayments) {}

  /** One payment; `status` is what it is now. */
  @Get('payments/:id')
  @Needs('read')
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
  @ApiQuery({ name: 'after', required: false, schema: { type: 'string', format: 'uuid' } })
  @ApiQuery({
    name: 'limit',
    required: false,
    schema: { type: 'integer', minimum: 1, maximum: 200, default: 50 },
  })
  @Needs('read')
  list(@Req() request: FastifyRequest, @Query() query: Record<string, unknown>): Promise<PaymentPage> {
    const { after, limit, ...unknown } = query;
    refuseParameters(unknown);
    return this.findPayments.page(readCursor(after), readLimit(limit), whose(callerOf(request)));
  }

  /** Count and money, net of reversals: to be compared with the ledger's by eye. */
  @Get('stats')
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
