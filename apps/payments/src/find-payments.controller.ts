import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Stats } from '@paid-once/compare';
import { isUuidV7 } from '@paid-once/contracts';
import { ParameterInvalid, readLimit } from '@paid-once/service';
import { FindPayments, type PaymentPage } from './find-payments.js';
import { PaymentNotFound } from './payment-problems.js';
import type { Payment } from './payment.js';

@ApiTags('payments')
@Controller()
export class FindPaymentsController {
  constructor(private readonly findPayments: FindPayments) {}

  /** One payment; `status` is what it is now. */
  @Get('payments/:id')
  async find(@Param('id') id: string): Promise<Payment> {
    const payment = isUuidV7(id) ? await this.findPayments.byId(id) : undefined;
    if (!payment) throw new PaymentNotFound();
    return payment;
  }

  /** Payments, oldest first; `next` is what to give as `after` for the next page, null on the last. */
  @Get('payments')
  list(@Query('after') after: unknown, @Query('limit') limit: unknown): Promise<PaymentPage> {
    return this.findPayments.page(readCursor(after), readLimit(limit));
  }

  /** Count and money, net of reversals: to be compared with the ledger's by eye. */
  @Get('stats')
  stats(): Promise<Stats> {
    return this.findPayments.stats();
  }
}

const beforeAll = '00000000-0000-0000-0000-000000000000';

function readCursor(after: unknown): string {
  if (after === undefined) return beforeAll;
  if (typeof after === 'string' && isUuidV7(after)) return after;
  throw new ParameterInvalid('after: give what `next` of the page before says.');
}
