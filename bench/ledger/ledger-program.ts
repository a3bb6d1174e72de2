// The ledger as it is, without its HTTP side: posts what is in its queues and says how long that took.
import type { BrokerConnection } from '@paid-once/broker';
import type { Identified } from '@paid-once/inbox';
import { postgresOptions } from '@paid-once/service';
import { shardCount } from '@paid-once/outbox';
import { DataSource } from 'typeorm';
import { ledgerEntities } from '../../apps/ledger/src/ledger-database.js';
import type { Consumption } from '../../apps/ledger/src/consumption.js';
import { EndToEndTimes } from '../../apps/ledger/src/end-to-end.js';
import { PaymentsConsumer } from '../../apps/ledger/src/payments.consumer.js';
import { postTransfers } from '../../apps/ledger/src/post-transfers.js';
import { ledgerSettings } from '../../apps/ledger/src/settings.js';
import { peakMb } from '../rig/cpu.js';
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
/** The ledger without its first line of defence; the second, one posting per payment event, stays. */
class WithoutInbox extends PaymentsConsumer {
  protected override consume(connection: BrokerConnection, queues: string[]): Consumption {
    return super.consume(connection, queues, (tx, messages) => postTransfers(tx, messages, allFresh));
  }
}
const allFresh = async <Message extends Identified>(_tx: unknown, messages: Message[]) => ({
  fresh: messages,
  repeated: [],
  conflicting: [],
  otherRun: [],
  outsideWindow: [],
});
const withoutInbox = process.env['BENCH_WITHOUT'] === 'inbox';
const consumer = new (withoutInbox ? WithoutInbox : PaymentsConsumer)(
  database,
  settings,
  new EndToEndTimes(),
);

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
    peakMb: peakMb(process.pid),
    batchSize: messages / batches,
  };
});
