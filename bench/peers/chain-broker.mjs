import { openPublisher, setting } from './protocol.mjs';

/**
 * The exchange and the quorum queue of a chain; declaring them twice changes nothing.
 * @returns a publisher to the exchange, with its channel for whoever consumes the queue
 */
export async function openChain(name) {
  const exchange = `${name}.payments`;
  const queue = `${name}.ledger`;
  const publisher = await openPublisher(setting('BENCH_AMQP_URL'), exchange);
  const { channel } = publisher;
  await channel.assertExchange(exchange, 'topic', { durable: true });
  await channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
  await channel.bindQueue(queue, exchange, '#');
  return { ...publisher, queue };
}
