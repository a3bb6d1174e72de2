// The relay as it is, without its HTTP side: drains what is in the outbox and says how long that took.
import { Publisher } from '@paid-once/broker';
import { paymentsExchange } from '@paid-once/contracts';
import {
  outboxEntities,
  OutboxRetention,
  outboxRetentionSession,
  Relay,
  relaySession,
  shardCount,
  type Publish,
} from '@paid-once/outbox';
import { onOwnConnection, pause, postgresOptions } from '@paid-once/service';
import { DataSource } from 'typeorm';
import { PublishOutbox } from '../../apps/relay/src/publish-outbox.js';
import { unconfirmed } from '../guarantees/publish-unconfirmed.js';
import { peakMb } from '../rig/cpu.js';
import { environment } from '../rig/environment.js';
import { readyAndGo } from '../rig/program.js';
import { connectedBroker } from '../rig/system.js';

const databaseUrl = environment('PAID_ONCE_RELAY_DB_URL');
const messages = Number(environment('BENCH_MESSAGES'));
const retentionUrl = process.env['BENCH_RETENTION_DB_URL']; // without it nothing is removed meanwhile

const database = await new DataSource(
  relaySession(
    postgresOptions({
      url: databaseUrl,
      process: 'relay',
      poolSize: 2 * shardCount,
      entities: outboxEntities,
    }),
  ),
).initialize();
const relayUrl = environment('PAID_ONCE_RELAY_AMQP_URL');
const broker = await connectedBroker(relayUrl, 'bench relay');
const outbox = new PublishOutbox(
  new Publisher(broker, { exchange: paymentsExchange, confirmTimeoutMs: 5_000 }),
);
const naive = process.env['BENCH_WITHOUT'] === 'confirms' ? await unconfirmed(relayUrl) : undefined;
let published = 0;
const publish: Publish = naive ? naive.publish : (...slice) => outbox.publish(...slice);

await readyAndGo(async () => {
  const finished = Promise.withResolvers<void>();
  let start: number | undefined; // taking the shards is no part of draining them
  const relay = new Relay({
    database,
    lockUrl: databaseUrl,
    applicationName: 'bench relay',
    sliceSize: 1_000,
    publish: async (shard, rows, onLeft) => {
      start ??= performance.now();
      await publish(shard, rows, onLeft);
      published += rows.length;
      if (published >= messages) finished.resolve();
    },
    onOutcome: (_, outcome) => 'cause' in outcome && finished.reject(outcome.cause),
  });
  const cpuBefore = process.cpuUsage();
  const beating = setInterval(() => void relay.beat(), 1_000); // as the scheduler does
  relay.onApplicationBootstrap();
  const stopping = new AbortController();
  const retaining = retentionUrl && removeHistory(retentionUrl, stopping.signal);
  await finished.promise;
  if (naive) await untilInQueues(naive);
  const seconds = (performance.now() - (start ?? NaN)) / 1_000;
  clearInterval(beating);
  stopping.abort();
  await retaining;
  const { user, system } = process.cpuUsage(cpuBefore);
  await relay.onModuleDestroy();
  return {
    messages: published,
    seconds,
    cpuMs: (user + system) / 1_000,
    peakMb: peakMb(process.pid), // not resourceUsage(): its maximum is inherited from the process that started this one
  };
});
await broker.close();
process.exit();

/** Nothing else tells when unconfirmed messages are there. */
async function untilInQueues({ inQueues }: { inQueues: () => Promise<number> }): Promise<void> {
  while ((await inQueues()) < messages) await pause(10);
}

/** Everything that is published is old enough: there is more to remove than the draining takes time. */
async function removeHistory(url: string, signal: AbortSignal): Promise<void> {
  const retention = new OutboxRetention({ retentionMinutes: 0, verifiedOnly: false });
  const session = { url, process: 'outbox retention', session: outboxRetentionSession, timeoutMs: 30_000 };
  await onOwnConnection(session, (db) => retention.run(db, signal));
}
