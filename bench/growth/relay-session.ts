import { outboxEntities, relaySession } from '@paid-once/outbox';
import { postgresOptions } from '@paid-once/service';
import { DataSource } from 'typeorm';
import { HeldConnection } from '../../libs/outbox/src/held-connection.js';
import type { Outbox } from './outbox-with-history.js';

/** Does something as a relay does: with its role, on a session set up like its own. */
export async function asRelay<Result>(
  { env }: Outbox,
  work: (connection: HeldConnection, database: DataSource) => Promise<Result>,
): Promise<Result> {
  const database = await new DataSource(
    relaySession(
      postgresOptions({
        url: env['PAID_ONCE_RELAY_DB_URL'] ?? '',
        process: 'relay',
        poolSize: 2,
        entities: outboxEntities,
      }),
    ),
  ).initialize();
  try {
    return await work(await HeldConnection.open(database), database);
  } finally {
    await database.destroy();
  }
}

export async function msOf(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}
