import { randomUUID } from 'node:crypto';
import { BrokerConnection, Consumer, Publisher, type Delivery } from '@paid-once/broker';
import { ledgerQueue, paymentsExchange } from '@paid-once/contracts';
import { BatchConsumer, type DeliveryListener } from '@paid-once/inbox';
import { relaySession, shardCount } from '@paid-once/outbox';
import { postgresOptions } from '@paid-once/service';
import type { Pool } from 'pg';
import { DataSource } from 'typeorm';
import { ledgerEntities } from '../../apps/ledger/src/ledger-database.js';
import { postTransfers } from '../../apps/ledger/src/post-transfers.js';
import { lockShards } from '../../apps/ledger/src/transfers.js';
import { AcceptPayments } from '../../apps/payments/src/accept-payments.js';
import { paymentsEntities } from '../../apps/payments/src/payments-database.js';
import { PublishOutbox } from '../../apps/relay/src/publish-outbox.js';
import { RelayPass } from '../../libs/outbox/src/relay-pass.js';
import type { CountedServers } from './counted-servers.js';
import { eventually } from './test-stack.js';

/**
 * A stage's own code with its process's defaults, but without the chance by which things come together in a process:
 * batches are as large as they are under load.
 */
export interface CountedStage {
  /** Takes 1,000 payments through the stage, the relay whatever waits; nothing is under way afterwards. */
  run(): Promise<void>;
  end(): Promise<void>;
}

const thousand = 1_000;
const maxBatch = 200;
const accounts = 100;
const shards = Array.from({ length: shardCount }, (_, shard) => shard);

export async function paymentsStage(servers: CountedServers): Promise<CountedStage> {
  const database = await new DataSource(
    postgresOptions({
      url: servers.databaseUrl('payments'),
      process: 'payments',
      poolSize: 10,
      entities: paymentsEntities,
    }),
  ).initialize();
  const payments = new AcceptPayments(database, { maxBatch, lanes: 2, backlog: 2_000, maxWaitMs: 6_000 });
  const accept = (index: number) =>
    payments.accept({
      kind: 'pay',
      client: '',
      idempotencyKey: randomUUID(),
      src: `payer-${index % accounts}`,
      dest: `payee-${index % accounts}`,
      amountMinor: 100n,
      currency: 'EUR',
      reference: null,
    });
  const pool = (database.driver as unknown as { master: Pool }).master;
  return {
    run: async () => {
      for (let first = 0; first < thousand; first += maxBatch) {
        await Promise.all(Array.from({ length: maxBatch }, (_, index) => accept(first + index)));
        // The relays are woken after the answers; batches beside each other would share that by chance.
        await eventually(() => pool.idleCount === pool.totalCount, 'the relays are woken');
      }
    },
    end: () => database.destroy(),
  };
}

export async function relayStage(servers: CountedServers): Promise<CountedStage> {
  const options = postgresOptions({
    url: servers.databaseUrl('relay'),
    process: 'relay',
    poolSize: 2 * shardCount,
    entities: [],
  });
  const database = await new DataSource(relaySession(options)).initialize();
  const broker = await connected(servers.brokerUrl('relay'));
  const outbox = new PublishOutbox(
    // Patient: a late confirm would only make it publish again.
    new Publisher(broker, { exchange: paymentsExchange, confirmTimeoutMs: 30_000 }),
  );
  const passes = shards.map(
    (shard) =>
      new RelayPass({
        database,
        shard,
        sliceSize: 1_000,
        publish: (lane, rows) => outbox.publish(lane, rows),
        mayGoOn: () => true,
      }),
  );
  return {
    // One after the other: beside each other they see each other's transactions, and their snapshots are longer by chance.
    run: async () => {
      for (const pass of passes) await drain(pass);
    },
    end: async () => {
      await Promise.all(passes.map((pass) => pass.abandon()));
      await database.destroy();
      await broker.close();
    },
  };
}

async function drain(pass: RelayPass): Promise<void> {
  for (;;) {
    const outcome = await pass.run();
    if (outcome.kind === 'drained') return;
    if (outcome.kind !== 'more') throw new Error(`the pass ended as ${outcome.kind}`, { cause: outcome });
  }
}

export async function ledgerStage(servers: CountedServers): Promise<CountedStage> {
  const database = await new DataSource(
    postgresOptions({
      url: servers.databaseUrl('ledger'),
      process: 'ledger',
      poolSize: 5,
      entities: ledgerEntities,
    }),
  ).initialize();
  const broker = await connected(servers.brokerUrl('ledger'));
  return {
    run: async () => {
      const consumer = new BatchConsumer({
        database,
        subscribe: (listener) => new Consumer(broker, thousandAtOnce(listener)),
        maxBatch: 1_000,
        lock: lockShards,
        handle: postTransfers,
        about: () => ({}),
        onStep: () => {},
      });
      await eventually(() => consumer.counts.done === thousand, '1,000 payments are posted');
      await consumer.close(); // the broker has its acks
    },
    end: async () => {
      await database.destroy();
      await broker.close();
    },
  };
}

/** Of all shards, handed on when all are there: batches are full. */
function thousandAtOnce(listener: DeliveryListener) {
  const arrived: Delivery[] = [];
  return {
    queues: shards.map(ledgerQueue),
    prefetch: 1_000,
    onDelivery: (delivery: Delivery) => {
      arrived.push(delivery);
      if (arrived.length === thousand) arrived.forEach((each) => listener.onDelivery(each));
    },
    onLost: () => listener.onLost(),
  };
}

async function connected(url: string): Promise<BrokerConnection> {
  const connection = new BrokerConnection({ url, name: 'costs' });
  await eventually(() => connection.state.kind === 'up', 'the broker is connected');
  return connection;
}
