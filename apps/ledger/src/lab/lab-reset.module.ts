import { Body, Controller, HttpCode, Injectable, Module, Post, type DynamicModule } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { InjectDataSource } from '@nestjs/typeorm';
import { BrokerUnreachable } from '@paid-once/broker';
import { FrameworkProblem, inTransaction, TemporarilyUnavailable } from '@paid-once/service';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { PaymentsConsumer } from '../payments.consumer.js';

/** Empties the ledger and its queues and starts another run, or does nothing. Half of the reset of both sides. */
@Injectable()
class ResetLedger {
  constructor(
    @InjectDataSource() private readonly database: DataSource,
    private readonly consumer: PaymentsConsumer,
  ) {}

  async reset(runId: string): Promise<void> {
    await this.consumer.whilePaused((queues) =>
      inTransaction(this.database, async (tx) => {
        await tx.query('SELECT lab_reset($1)', [runId]);
        await queues.purge();
      }),
    );
  }
}

const request = z.object({ runId: z.uuid() });

@ApiExcludeController()
@Controller('lab')
class LabResetController {
  constructor(private readonly ledger: ResetLedger) {}

  /** Lab mode only; called by payments, whose own side is emptied only if this answers 204. */
  @Post('reset')
  @HttpCode(204)
  async reset(@Body() body: unknown): Promise<void> {
    const parsed = request.safeParse(body);
    if (!parsed.success)
      throw new FrameworkProblem(422, 'validation-failed', 'This is no reset', 'Send {"runId": "<UUID>"}.');
    try {
      await this.ledger.reset(parsed.data.runId);
    } catch (error) {
      if (!(error instanceof BrokerUnreachable)) throw error;
      throw new TemporarilyUnavailable(
        `The queues could not be emptied, so nothing was deleted here. ${error.message}`,
      );
    }
  }
}

/** Exists in lab mode only; the function `lab_reset` it calls exists only where setup ran in lab mode. */
@Module({})
export class LabResetModule {
  /** @param ledger the module that exports the consumer */
  static with(ledger: DynamicModule): DynamicModule {
    return {
      module: LabResetModule,
      imports: [ledger],
      controllers: [LabResetController],
      providers: [ResetLedger],
    };
  }
}
