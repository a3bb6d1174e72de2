import type { BrokerConnection } from './broker-connection.js';
import { closeChannel } from './close-channel.js';
import { BrokerUnreachable } from './publish-failures.js';
import { within } from './within.js';

const closeTimeoutMs = 1_000;

export interface QueueFigures {
  queue: string;
  /** Messages that nobody has been given. */
  ready: number;
  /** Whoever has subscribed to it, those that wait for their turn included. */
  consumers: number;
}

/**
 * How queues are. The management API would count the messages that are out, too, but some seconds late, and for
 * administrators only.
 * @throws BrokerUnreachable there is no connection, or one of the queues is not there
 */
export async function queueFigures(
  connection: BrokerConnection,
  queues: readonly string[],
): Promise<QueueFigures[]> {
  const channel = await connection.openChannel();
  try {
    const answers = await Promise.all(queues.map((queue) => channel.checkQueue(queue)));
    return answers.map(({ queue, messageCount, consumerCount }) => ({
      queue,
      ready: messageCount,
      consumers: consumerCount,
    }));
  } catch (error) {
    throw new BrokerUnreachable(error instanceof Error ? error.message : String(error));
  } finally {
    await within(closeTimeoutMs, closeChannel(channel));
  }
}

/** As `queueFigures`, of one. */
export async function readyMessages(connection: BrokerConnection, queue: string): Promise<number> {
  const [figures] = await queueFigures(connection, [queue]);
  return figures?.ready ?? 0;
}
