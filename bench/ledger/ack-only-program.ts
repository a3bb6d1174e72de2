// The limit of consuming: parse, and ack each message by itself. No database.
import amqp from 'amqplib';
import { ledgerQueue } from '@paid-once/contracts';
import { shardCount } from '@paid-once/outbox';
import { environment } from '../rig/environment.js';
import { readyAndGo } from '../rig/program.js';

const messages = Number(environment('BENCH_MESSAGES'));
const connection = await amqp.connect(environment('PAID_ONCE_LEDGER_AMQP_URL'), { noDelay: true });
const channel = await connection.createChannel();
await channel.prefetch(1_000);

await readyAndGo(async () => {
  const cpuBefore = process.cpuUsage();
  const finished = Promise.withResolvers<void>();
  let acked = 0;
  let start: number | undefined;
  let amount = 0;
  for (let shard = 0; shard < shardCount; shard++)
    await channel.consume(ledgerQueue(shard), (message) => {
      if (message === null) return finished.reject(new Error('a queue is gone'));
      start ??= performance.now();
      const event = JSON.parse(message.content.toString()) as { data: { amountMinor: string } };
      amount += Number(event.data.amountMinor);
      channel.ack(message);
      if (++acked === messages) finished.resolve();
    });
  await finished.promise;
  const seconds = (performance.now() - (start ?? NaN)) / 1_000;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { messages, seconds, cpuMs: (user + system) / 1_000, amount };
});
