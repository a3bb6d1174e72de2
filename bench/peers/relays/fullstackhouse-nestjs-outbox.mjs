// @fullstackhouse/nestjs-outbox with its TypeORM driver, 100 events a poll and 5 ms between polls instead of its README's
// 10 and 30 s. It takes neither Nest 12 nor TypeORM 1, so npm installs Nest 11 and TypeORM 0.3 beside the driver.
import 'reflect-metadata';
import { createRequire } from 'node:module';
import { runRelay, versionOf } from '../protocol.mjs';

const driverName = '@fullstackhouse/nestjs-outbox-typeorm-driver';
const outboxName = '@fullstackhouse/nestjs-outbox';
const beside = createRequire(import.meta.resolve(driverName));
const { Module, Injectable } = beside('@nestjs/common');
const { NestFactory } = beside('@nestjs/core');
const { DataSource } = beside('typeorm');
const { OnEvent, OutboxModule } = beside(outboxName);
const { OutboxTransportEventMigrations, TypeORMDatabaseDriverFactory, TypeOrmOutboxTransportEvent } =
  beside(driverName);

const eventName = 'PaymentAccepted';
const outboxOptions = {
  events: [{ name: eventName, listeners: { retentionPeriod: 86_400_000, maxExecutionTime: 15_000 } }],
  pollingInterval: 5,
  maxEventsPerPoll: 100,
};

await runRelay({
  name: outboxName,
  version: versionOf(`${driverName}/node_modules/${outboxName}`),
  async prepare(databaseUrl) {
    const dataSource = await new DataSource({
      type: 'postgres',
      url: databaseUrl,
      poolSize: 10,
      entities: [TypeOrmOutboxTransportEvent],
    }).initialize();
    await migrate(dataSource);
    return {
      fill: (messages) => fill(dataSource, messages),
      async drain(publisher) {
        const app = await NestFactory.createApplicationContext(relayModule(dataSource, publisher), {
          logger: false,
        });
        return async () => {
          await app.close();
          await dataSource.destroy();
        };
      },
    };
  },
});

// One by one: TypeORM refuses to run them, because the names of two do not end in a timestamp of milliseconds.
async function migrate(dataSource) {
  const runner = dataSource.createQueryRunner();
  for (const Migration of OutboxTransportEventMigrations) await new Migration().up(runner);
  await runner.release();
}

async function fill(dataSource, messages) {
  const events = messages.map((message) =>
    new TypeOrmOutboxTransportEvent().create(
      eventName,
      { name: eventName, ...message },
      Date.now() + 86_400_000,
      Date.now(),
    ),
  );
  await dataSource.getRepository(TypeOrmOutboxTransportEvent).insert(events);
}

function relayModule(dataSource, publisher) {
  class PaymentListener {
    onPaymentAccepted(message) {
      return publisher.publish(message);
    }
  }
  Injectable()(PaymentListener);
  OnEvent(eventName)(PaymentListener.prototype, 'onPaymentAccepted', {});

  class RelayModule {}
  Module({
    imports: [
      OutboxModule.registerAsync({
        imports: [],
        enableDefaultMiddlewares: false, // its logger writes two lines an event
        useFactory: () => ({
          ...outboxOptions,
          driverFactory: new TypeORMDatabaseDriverFactory(dataSource),
        }),
      }),
    ],
    providers: [PaymentListener],
  })(RelayModule);
  return RelayModule;
}
