import type { Channel } from 'amqplib';
import type { BrokerConnection } from './broker-connection.js';
import { closeChannel } from './close-channel.js';
import { BrokerUnreachable } from './publish-failures.js';
import { within } from './within.js';

/** An exchange or queue that setup makes is not there, or may not be used. */
export class TopologyFault extends Error {
  override readonly name = 'TopologyFault';
}

const closeTimeoutMs = 1_000;

/**
 * Asks the broker whether these queues and exchanges exist, changing nothing. Their arguments cannot be asked for this
 * way: setup verifies those.
 * @throws BrokerUnreachable there is no connection, or it was lost meanwhile
 * @throws TopologyFault     one of them does not exist
 */
export async function checkTopology(
  connection: BrokerConnection,
  queues: readonly string[],
  exchanges: readonly string[] = [],
): Promise<void> {
  const channel = await connection.openChannel();
  try {
    for (const queue of queues) await check(channel, `queue ${queue}`, () => channel.checkQueue(queue));
    for (const exchange of exchanges)
      await check(channel, `exchange ${exchange}`, () => channel.checkExchange(exchange));
  } finally {
    await within(closeTimeoutMs, closeChannel(channel));
  }
}

async function check(channel: Channel, what: string, ask: () => Promise<unknown>): Promise<void> {
  let refusal: Error | undefined;
  channel.once('error', (error: Error) => (refusal = error));
  try {
    await ask();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (refusal === undefined) throw new BrokerUnreachable(reason);
    throw new TopologyFault(`The broker has no usable ${what}: ${reason}. Next: run setup.`);
  }
}
