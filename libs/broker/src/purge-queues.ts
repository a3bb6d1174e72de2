import type { BrokerConnection } from './broker-connection.js';
import { closeChannel } from './close-channel.js';
import { BrokerUnreachable } from './publish-failures.js';
import { within } from './within.js';

const closeTimeoutMs = 2_000;

/**
 * Empties queues of what nobody holds unacked.
 * @throws BrokerUnreachable
 */
export async function purgeQueues(connection: BrokerConnection, queues: readonly string[]): Promise<void> {
  const channel = await connection.openChannel();
  try {
    for (const queue of queues) await channel.purgeQueue(queue);
  } catch (error) {
    throw new BrokerUnreachable(error instanceof Error ? error.message : String(error));
  } finally {
    await within(closeTimeoutMs, closeChannel(channel));
  }
}
