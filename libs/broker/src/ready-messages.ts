import type { BrokerConnection } from './broker-connection.js';
import { closeChannel } from './close-channel.js';
import { BrokerUnreachable } from './publish-failures.js';
import { within } from './within.js';

const closeTimeoutMs = 1_000;

/**
 * How many messages a queue holds that nobody has been given. The management API would count the others, too, but some
 * seconds late, and for administrators only.
 * @throws BrokerUnreachable there is no connection, or no such queue
 */
export async function readyMessages(connection: BrokerConnection, queue: string): Promise<number> {
  const channel = await connection.openChannel();
  try {
    return (await channel.checkQueue(queue)).messageCount;
  } catch (error) {
    throw new BrokerUnreachable(error instanceof Error ? error.message : String(error));
  } finally {
    await within(closeTimeoutMs, closeChannel(channel));
  }
}
