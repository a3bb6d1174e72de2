import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { FindPayments, type Stats } from './find-payments.js';

@ApiTags('compare')
@Controller('stats')
export class StatsController {
  constructor(private readonly findPayments: FindPayments) {}

  /** Count and money, net of reversals: to be compared with the ledger's by eye. */
  @Get()
  stats(): Promise<Stats> {
    return this.findPayments.stats();
  }
}
