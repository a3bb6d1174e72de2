import { Controller, Delete, HttpCode, Inject, Injectable, Module, type DynamicModule } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { InjectDataSource } from '@nestjs/typeorm';
import { inTransaction, TemporarilyUnavailable } from '@paid-once/service';
import { DataSource } from 'typeorm';
import type { PaymentsSettings } from '../settings.js';
import { askLedger } from './ask-ledger.js';

const LEDGER_URL = Symbol('where the ledger answers');

/**
 * Empties both sides, or neither. The payments side is emptied first but committed last, so that a ledger that cannot
 * be reached leaves everything as it was. TRUNCATE's locks stop payments and the relay's progress meanwhile, and what
 * was published before carries the old run id: the ledger refuses it.
 */
@Injectable()
class ResetBothSides {
  constructor(
    @InjectDataSource() private readonly database: DataSource,
    @Inject(LEDGER_URL) private readonly ledgerUrl: string,
  ) {}

  async reset(): Promise<void> {
    await inTransaction(this.database, async (tx) => {
      const [row] = await tx.query<{ run_id: string }[]>('SELECT lab_reset() AS run_id');
      await this.resetLedger(row?.run_id);
    });
  }

  private async resetLedger(runId: string | undefined): Promise<void> {
    const status = await askLedger(this.ledgerUrl, 'POST', '/lab/reset', { runId });
    if (status === undefined)
      throw new TemporarilyUnavailable(
        'The ledger cannot be reached. Nothing was deleted on the payments side.',
      );
    if (status !== 204)
      throw new TemporarilyUnavailable(
        `The ledger could not be emptied (it answered ${status}). Nothing was deleted; see its log, then repeat.`,
      );
  }
}

@ApiTags('lab')
@Controller('payments')
class LabResetController {
  constructor(private readonly bothSides: ResetBothSides) {}

  /** Lab mode only: forgets all payments, messages and transfers, on both sides. */
  @Delete()
  @HttpCode(204)
  reset(): Promise<void> {
    return this.bothSides.reset();
  }
}

/** Exists in lab mode only; the function `lab_reset()` it calls exists only where setup ran in lab mode. */
@Module({})
export class LabResetModule {
  static with(settings: PaymentsSettings): DynamicModule {
    return {
      module: LabResetModule,
      controllers: [LabResetController],
      providers: [ResetBothSides, { provide: LEDGER_URL, useValue: settings.PAID_ONCE_LEDGER_URL }],
    };
  }
}
