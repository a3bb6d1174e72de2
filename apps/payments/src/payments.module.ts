import { Module, type DynamicModule } from '@nestjs/common';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import { CredentialsModule } from '@paid-once/credentials';
import {
  addressOf,
  DatabaseConnector,
  HealthModule,
  LabCrashModule,
  METRICS,
  MetricsController,
  postgresOptions,
  requireDurableCommits,
  requireOrdinaryRole,
  requireTables,
} from '@paid-once/service';
import type { DataSource } from 'typeorm';
import { ACCEPT_OPTIONS, AcceptPayments, type AcceptOptions } from './accept-payments.js';
import { DigestController } from './digest.controller.js';
import { ExportController } from './export.controller.js';
import { FindPaymentsController } from './find-payments.controller.js';
import { FindPayments } from './find-payments.js';
import { LabChaptersModule } from './lab/chapters/lab-chapters.module.js';
import { LabResetModule } from './lab/lab-reset.module.js';
import { operations } from './operations/operations.js';
import { PaymentsController } from './payments.controller.js';
import { paymentsEntities } from './payments-database.js';
import { paymentsMetrics } from './payments-metrics.js';
import type { PaymentsSettings } from './settings.js';

@Module({})
export class PaymentsModule {
  static with(settings: PaymentsSettings): DynamicModule {
    const databaseUrl = settings.PAID_ONCE_PAYMENTS_DB_URL;
    const acceptOptions: AcceptOptions = {
      maxBatch: settings.PAID_ONCE_PAYMENTS_BATCH,
      lanes: 2,
      backlog: settings.PAID_ONCE_PAYMENTS_BACKLOG,
      maxWaitMs: settings.PAID_ONCE_DB_TIMEOUT_MS,
    };
    const readiness = HealthModule.forChecks(
      [],
      {
        inject: [getDataSourceToken()],
        useFactory: (database: DataSource) => ({ database: () => checkDatabase(database) }),
      },
      settings.PAID_ONCE_DRAIN_MS,
    );
    const lab = settings.PAID_ONCE_LAB
      ? [LabCrashModule, LabResetModule.with(settings), LabChaptersModule.with(settings)]
      : [];
    return {
      module: PaymentsModule,
      imports: [
        TypeOrmModule.forRoot({
          ...postgresOptions({
            url: databaseUrl,
            process: 'payments',
            poolSize: settings.PAID_ONCE_PAYMENTS_POOL,
            entities: paymentsEntities,
            timeoutMs: settings.PAID_ONCE_DB_TIMEOUT_MS,
          }),
          manualInitialization: true,
        }),
        readiness,
        settings.PAID_ONCE_LAB ? CredentialsModule.open() : CredentialsModule.withKeys(),
        ...lab,
      ],
      controllers: [
        PaymentsController,
        FindPaymentsController,
        ExportController,
        DigestController,
        MetricsController,
        ...operations,
      ],
      providers: [
        AcceptPayments,
        FindPayments,
        { provide: ACCEPT_OPTIONS, useValue: acceptOptions },
        {
          provide: METRICS,
          inject: [AcceptPayments, getDataSourceToken()],
          useFactory: (payments: AcceptPayments, database: DataSource) =>
            paymentsMetrics(payments, database, acceptOptions.backlog),
        },
        {
          provide: DatabaseConnector,
          inject: [getDataSourceToken()],
          useFactory: (database: DataSource) =>
            new DatabaseConnector(database, addressOf(databaseUrl), checkDatabase),
        },
      ],
    };
  }
}

async function checkDatabase(database: DataSource): Promise<void> {
  await requireDurableCommits(database);
  await requireOrdinaryRole(database);
  await requireTables(database, ['payment_event', 'outbox_message', 'outbox_intervention']);
}
