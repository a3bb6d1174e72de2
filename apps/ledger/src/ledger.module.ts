import { Module, type DynamicModule } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import { CredentialsModule } from '@paid-once/credentials';
import { InboxSettings } from '@paid-once/inbox';
import {
  addressOf,
  DatabaseConnector,
  HealthModule,
  LabCrashModule,
  METRICS,
  MetricsController,
  postgresOptions,
  reading,
  requireDurableCommits,
  requireOrdinaryRole,
  requireTables,
  RetentionSchedule,
} from '@paid-once/service';
import type { DataSource } from 'typeorm';
import { BridgeTrouble } from './bridge-trouble.js';
import { ChainController } from './chain.controller.js';
import { CompareController } from './compare.controller.js';
import { inboxRetention } from './inbox-retention.js';
import { InboxController } from './inbox.controller.js';
import { consumerByChapter, LabChapterModule } from './lab/chapters/lab-chapter.module.js';
import { LabResetModule } from './lab/lab-reset.module.js';
import { LedgerController } from './ledger.controller.js';
import { ledgerEntities } from './ledger-database.js';
import { ParkedController } from './parked.controller.js';
import { ParkedWatch } from './parked-watch.js';
import { EndToEndTimes } from './end-to-end.js';
import { ledgerMetrics } from './ledger-metrics.js';
import { PaymentsConsumer } from './payments.consumer.js';
import { LEDGER_SETTINGS, type LedgerSettings } from './settings.js';
import { StalledSince } from './stalled-since.js';
import { StatusController } from './status.controller.js';

@Module({})
class ConsumptionModule {}

@Module({})
export class LedgerModule {
  static with(settings: LedgerSettings): DynamicModule {
    const { PAID_ONCE_LEDGER_DB_URL: url, PAID_ONCE_LAB: lab } = settings;
    const consumption = {
      module: ConsumptionModule,
      providers: [
        EndToEndTimes,
        lab ? consumerByChapter : PaymentsConsumer,
        { provide: LEDGER_SETTINGS, useValue: settings },
      ],
      exports: [PaymentsConsumer, EndToEndTimes, LEDGER_SETTINGS],
    };
    const readiness = HealthModule.forChecks([consumption], {
      inject: [getDataSourceToken(), PaymentsConsumer],
      useFactory: (database: DataSource, consumer: PaymentsConsumer) => ({
        database: async () => void (await checkDatabase(database)),
        broker: async () => checkConsumption(consumer),
      }),
    });
    return {
      module: LedgerModule,
      imports: [
        TypeOrmModule.forRoot({
          ...postgresOptions({
            url,
            process: 'ledger',
            poolSize: 6,
            entities: ledgerEntities,
            timeoutMs: settings.PAID_ONCE_DB_TIMEOUT_MS,
          }),
          manualInitialization: true,
        }),
        ScheduleModule.forRoot(),
        consumption,
        readiness,
        inboxRetention(settings),
        lab ? CredentialsModule.open() : CredentialsModule.withKeys(),
        ...(lab
          ? [LabCrashModule, LabResetModule.with(consumption), LabChapterModule.with(consumption)]
          : []),
      ],
      controllers: [
        LedgerController,
        CompareController,
        ChainController,
        StatusController,
        InboxController,
        ParkedController,
        MetricsController,
      ],
      providers: [
        StalledSince,
        BridgeTrouble,
        ParkedWatch,
        {
          provide: METRICS,
          inject: [getDataSourceToken(), PaymentsConsumer, EndToEndTimes, RetentionSchedule],
          useFactory: ledgerMetrics,
        },
        {
          provide: DatabaseConnector,
          inject: [getDataSourceToken(), PaymentsConsumer],
          useFactory: (database: DataSource, consumer: PaymentsConsumer) =>
            new DatabaseConnector(database, addressOf(url), async () =>
              consumer.start((await checkDatabase(database)).shards),
            ),
        },
      ],
    };
  }
}

async function checkDatabase(database: DataSource): Promise<InboxSettings> {
  await requireDurableCommits(database);
  await requireOrdinaryRole(database);
  await requireTables(database, ['transfer', 'inbox_message', 'inbox_settings', 'parked_intervention']);
  const settings = await reading(database, (db) =>
    db.getRepository(InboxSettings).findOneBy({ onlyRow: true }),
  );
  if (!settings) throw new Error('the inbox has no run id yet: run `paid-once setup`');
  return settings;
}

function checkConsumption({ state, brokerAddress }: PaymentsConsumer): void {
  if (state.kind === 'waiting') throw new Error(`nothing is consumed from ${brokerAddress}: ${state.cause}`);
}
