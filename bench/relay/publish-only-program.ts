// The limit of publishing: messages that are ready in memory, through amqplib alone, each channel with as many
// outstanding confirms as the relay has, and none of its care for what comes back.
import amqp, { type ConfirmChannel } from 'amqplib';
import { wireMessage } from '@paid-once/contracts';
import { randomUUID } from 'node:crypto';
import { environment } from '../rig/environment.js';
import { readyAndGo } from '../rig/program.js';

const total = Number(environment('BENCH_MESSAGES'));
const lanes = Number(environment('BENCH_LANES'));
const outstanding = 2_000;

const connection = await amqp.connect(environment('PAID_ONCE_RELAY_AMQP_URL'), { noDelay: true });
const channels: ConfirmChannel[] = [];
let returned = 0;
for (let lane = 0; lane < lanes; lane++) {
  const channel = await connection.createConfirmChannel();
  channel.on('return', () => returned++);
  channels.push(channel);
}
const perLane = Math.ceil(total / lanes);
const ofLane = channels.map((_, shard) => Array.from({ length: 1_000 }, (_, i) => messageNo(i, shard)));

await readyAndGo(async () => {
  const cpuBefore = process.cpuUsage();
  const start = performance.now();
  await Promise.all(channels.map((channel, lane) => publishAll(channel, ofLane[lane] ?? [])));
  const seconds = (performance.now() - start) / 1_000;
  const { user, system } = process.cpuUsage(cpuBefore);
  if (returned > 0) throw new Error(`${returned} messages were returned: no queue is bound`);
  return { messages: perLane * lanes, seconds, cpuMs: (user + system) / 1_000 };
});
await connection.close();
process.exit();

function publishAll(channel: ConfirmChannel, messages: ReturnType<typeof messageNo>[]): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let sent = 0;
  let confirmed = 0;
  let full = false;
  const send = (): void => {
    while (sent < perLane && sent - confirmed < outstanding && !full) {
      const message = messages[sent++ % messages.length];
      if (message === undefined) return reject(new Error('Bug: no message'));
      full = !channel.publish(
        'payments',
        message.routingKey,
        message.body,
        message.options,
        (refusal: unknown) => {
          if (refusal) return reject(refusal);
          confirmed++;
          if (confirmed === perLane) resolve();
          else if (outstanding - (sent - confirmed) >= 100) send();
        },
      );
    }
  };
  channel.on('drain', () => {
    full = false;
    send();
  });
  send();
  return promise;
}

function messageNo(i: number, shard: number) {
  const id = randomUUID();
  const { routingKey, body, ...properties } = wireMessage({
    message_id: randomUUID(),
    run_id: randomUUID(),
    shard,
    type: 'payment.accepted',
    key: id,
    headers: {},
    payload: JSON.stringify({
      paymentId: id,
      src: `account-${i}`,
      dest: `account-${i + 1}`,
      amountMinor: String(1 + i),
      currency: 'EUR',
      reference: null,
    }),
    created_at: new Date(),
  });
  const timestamp = Math.floor(properties.timestamp.getTime() / 1_000);
  return { routingKey, body, options: { ...properties, timestamp, persistent: true, mandatory: true } };
}
