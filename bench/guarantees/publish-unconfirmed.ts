import amqp, { type Channel } from 'amqplib';
import { ledgerQueue, paymentsExchange, wireMessage } from '@paid-once/contracts';
import { shardCount, type Publish } from '@paid-once/outbox';

/** Publishes as the relay does, persistent and mandatory, but takes for published what was handed to the socket. */
export async function unconfirmed(
  url: string,
): Promise<{ publish: Publish; inQueues: () => Promise<number> }> {
  const connection = await amqp.connect(url, { noDelay: true });
  const channels = await Promise.all(Array.from({ length: shardCount }, () => connection.createChannel()));
  return {
    publish: async (shard, rows) => {
      const channel = channels[shard];
      if (channel === undefined) throw new Error(`Bug: there is no shard ${shard}`);
      for (const row of rows) await publishOne(channel, wireMessage(row));
    },
    inQueues: async () => {
      const counts = channels.map(
        async (channel, shard) => (await channel.checkQueue(ledgerQueue(shard))).messageCount,
      );
      return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
    },
  };
}

async function publishOne(channel: Channel, message: ReturnType<typeof wireMessage>): Promise<void> {
  const { routingKey, body, ...properties } = message;
  const timestamp = Math.floor(properties.timestamp.getTime() / 1_000);
  const options = { ...properties, timestamp, persistent: true, mandatory: true };
  if (!channel.publish(paymentsExchange, routingKey, body, options))
    await new Promise((resolve) => channel.once('drain', resolve));
}
