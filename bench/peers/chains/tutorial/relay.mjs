// A cron job every second: all that is pending, row by row, each published, confirmed and marked before the next.
import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Cron, CronExpression, ScheduleModule } from '@nestjs/schedule';
import { IsNull } from 'typeorm';
import { eventOf } from '../../cloud-event.mjs';
import { setting } from '../../protocol.mjs';
import { serveUntilTerm } from '../../service.mjs';
import { OutboxRow, connectTypeOrm, makeUsualTables } from '../../usual-tables.mjs';
import { openChain } from '../../chain-broker.mjs';

const batchSize = 100;

const databaseUrl = setting('BENCH_PAYMENTS_DB_URL');
await makeUsualTables(databaseUrl);
const dataSource = await connectTypeOrm(databaseUrl, [OutboxRow]);
const outbox = dataSource.getRepository(OutboxRow);
const { publish } = await openChain('tutorial');

class Relay {
  async publishPending() {
    while (await publishBatch());
  }
}
Injectable()(Relay);
// Waiting for completion: a tick that starts while the last still runs would publish its rows again.
Cron(CronExpression.EVERY_SECOND, { waitForCompletion: true })(
  Relay.prototype,
  'publishPending',
  Object.getOwnPropertyDescriptor(Relay.prototype, 'publishPending'),
);

class RelayModule {}
Module({ imports: [ScheduleModule.forRoot()], providers: [Relay] })(RelayModule);

const app = await NestFactory.createApplicationContext(RelayModule, { logger: ['error'] });
serveUntilTerm(() => app.close());

/** @returns whether there may be more */
async function publishBatch() {
  const rows = await outbox.find({
    where: { publishedAt: IsNull() },
    order: { createdAt: 'ASC' },
    take: batchSize,
  });
  for (const row of rows) {
    await publish({ routingKey: row.type, event: eventOf(row) });
    await outbox.update(row.id, { publishedAt: new Date() });
  }
  return rows.length > 0;
}
