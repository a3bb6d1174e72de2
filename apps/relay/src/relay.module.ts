import { Inject, Module, type BeforeApplicationShutdown, type DynamicModule } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import { BrokerConnection, checkTopology, Publisher } from '@paid-once/broker';
import { ledgerQueue, paymentsExchange } from '@paid-once/contracts';
import { ApiKey, CredentialsModule } from '@paid-once/credentials';
import { checkServer, outboxEntities, Relay, relaySession, shardCount } from '@paid-once/outbox';
import {
  addressOf,
  DatabaseConnector,
  HealthModule,
  LabCrashModule,
  METRICS,
  MetricsController,
  postgresOptions,
  reading,
  reasonOf,
  requireDurableCommits,
  requireOrdinaryRole,
  requireTables,
  RetentionSchedule,
} from '@paid-once/service';
import type { DataSource } from 'typeorm';
import { outboxRetention } from './outbox-retention.js';
import { OutboxWatch } from './outbox-watch.js';
import { PublishOutbox } from './publish-outbox.js';
import { relayMetrics } from './relay-metrics.js';
import { Repair } from './repair.js';
import { ReportRepair } from './report-repair.js';
import { ReportTrouble } from './report-trouble.js';
import type { RelaySettings } from './settings.js';
import { StatusController } from './status.controller.js';

@Module({})
export class RelayModule implements BeforeApplicationShutdown {
  constructor(@Inject(BrokerConnection) private readonly broker: BrokerConnection) {}

  static with(settings: RelaySettings): DynamicModule {
    const databaseUrl = settings.PAID_ONCE_RELAY_DB_URL;
    const brokerUrl = settings.PAID_ONCE_RELAY_AMQP_URL;
    const trouble = new ReportTrouble({ broker: addressOf(brokerUrl), database: addressOf(databaseUrl) });
    const broker = new BrokerConnection({
      url: brokerUrl,
      name: 'paid-once relay',
      heartbeatSeconds: settings.PAID_ONCE_HEARTBEAT_SECONDS,
      onState: (state) => trouble.brokerState(state),
    });
    const outbox = new PublishOutbox(
      new Publisher(broker, {
        exchange: paymentsExchange,
        confirmTimeoutMs: settings.PAID_ONCE_RELAY_CONFIRM_TIMEOUT_MS,
      }),
    );
    let notAttending: string | undefined = 'has not looked for shards yet';
    const relayOf = (database: DataSource) => {
      const relay = new Relay({
        database,
        lockUrl: databaseUrl,
        applicationName: 'paid-once relay',
        sliceSize: settings.PAID_ONCE_RELAY_SLICE,
        replaySlice: settings.PAID_ONCE_REPLAY_PER_SECOND,
        publish: (...slice) => outbox.publish(...slice),
        onOutcome: (shard, outcome) => trouble.pass(shard, outcome),
        onBeat: (error) => {
          notAttending = error === undefined ? undefined : reasonOf(error);
          trouble.beat(error);
        },
      });
      broker.subscribe(({ kind }) => kind === 'up' && relay.retry());
      return relay;
    };
    return {
      module: RelayModule,
      imports: [
        ScheduleModule.forRoot(),
        TypeOrmModule.forRoot({
          ...relaySession(
            postgresOptions({
              url: databaseUrl,
              process: 'relay',
              poolSize: 2 * shardCount,
              entities: [...outboxEntities, ApiKey],
              timeoutMs: settings.PAID_ONCE_DB_TIMEOUT_MS,
            }),
          ),
          manualInitialization: true,
        }),
        HealthModule.forChecks([], {
          inject: [getDataSourceToken()],
          useFactory: (database: DataSource) => ({
            database: () => checkDatabase(database),
            broker: () => checkBroker(broker),
            shards: () => checkShards(notAttending),
            publishing: async () => trouble.checkPasses(),
          }),
        }),
        outboxRetention(settings),
        settings.PAID_ONCE_LAB ? CredentialsModule.open() : CredentialsModule.withKeys(),
        ...(settings.PAID_ONCE_LAB ? [LabCrashModule] : []),
      ],
      controllers: [StatusController, MetricsController],
      providers: [
        { provide: BrokerConnection, useValue: broker },
        { provide: PublishOutbox, useValue: outbox },
        { provide: Relay, inject: [getDataSourceToken()], useFactory: relayOf },
        {
          provide: METRICS,
          inject: [getDataSourceToken(), Relay, Repair, RetentionSchedule],
          useFactory: (
            database: DataSource,
            relay: Relay,
            { report }: Repair,
            retention: RetentionSchedule<Record<string, number>>,
          ) => relayMetrics(database, relay, outbox, report, retention),
        },
        {
          provide: Repair,
          inject: [getDataSourceToken(), Relay],
          useFactory: (database: DataSource, relay: Relay) => {
            const { PAID_ONCE_REPAIR_EVERY_SECONDS: every, PAID_ONCE_LEDGER_URL: ledgerUrl } = settings;
            const report = new ReportRepair(every, new URL(ledgerUrl).host);
            const ledger = { url: ledgerUrl, key: settings.PAID_ONCE_RELAY_LEDGER_KEY };
            return new Repair(database, relay, report, every, ledger);
          },
        },
        {
          provide: OutboxWatch,
          inject: [getDataSourceToken(), Relay, Repair],
          useFactory: (database: DataSource, relay: Relay, { report }: Repair) =>
            new OutboxWatch(database, relay, report, settings.PAID_ONCE_STUCK_SECONDS),
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

  // The relay itself stops earlier, in onModuleDestroy: its last slice still needs the broker and the database.
  beforeApplicationShutdown(): Promise<void> {
    return this.broker.close();
  }
}

async function checkDatabase(database: DataSource): Promise<void> {
  await requireDurableCommits(database); // progress that is lost with a crash names transactions that were not
  await requireOrdinaryRole(database);
  await requireTables(database, ['outbox_message', 'outbox_progress', 'outbox_intervention']);
  await reading(database, checkServer);
}

// Ready before the first look at the shards, a relay would let the first payments wait for a second.
async function checkShards(notAttending: string | undefined): Promise<void> {
  if (notAttending !== undefined) throw new Error(notAttending);
}

async function checkBroker(broker: BrokerConnection): Promise<void> {
  broker.assertPublishable();
  const shards = Array.from({ length: shardCount }, (_, shard) => shard);
  await checkTopology(broker, shards.map(ledgerQueue), [paymentsExchange]);
}
