// The ledger as it is, without its HTTP side: posts what is in its queues and says how long that took.
import { postgresOptions } from '@paid-once/service';
import { shardCount } from '@paid-once/outbox';
import { DataSource } from 'typeorm';
import { ledgerEntities } from '../../apps/ledger/src/ledger-database.js';
import { PaymentsConsumer } from '../../apps/ledger/src/payments.consumer.js';
import { ledgerSettings } from '../../apps/ledger/src/settings.js';
import { environment } from '../rig/environment.js';
import { readyAndGo } from '../rig/program.js';

const settings = ledgerSettings.parse(process.env);
const messages = Number(environment('BENCH_MESSAGES'));
const database = await new DataSource(
  postgresOptions({
    url: settings.PAID_ONCE_LEDGER_DB_URL,
    process: 'ledger',
    poolSize: 5,
    entities: ledgerEntities,
  }),
).initialize();
const consumer = new PaymentsConsumer(database, settings);

await readyAndGo(async () => {
  const cpuBefore = process.cpuUsage();
  consumer.start(shardCount);
  let start: number | undefined; // connecting is no part of posting
  await new Promise<void>((resolve) => {
    const looking = setInterval(() => {
      if (consumer.counts.batches > 0) start ??= performance.now();
      if (consumer.counts.done < messages) return;
      clearInterval(looking);
      resolve();
    }, 5);
  });
  const seconds = (performance.now() - (start ?? NaN)) / 1_000;
  const { user, system } = process.cpuUsage(cpuBefore);
  const { batches } = consumer.counts;
  return {
    messages,
    seconds,
    cpuMs: (user + system) / 1_000,
    peakMb: process.resourceUsage().maxRSS / 1_024,
    batchSize: messages / batches,
  };
});
