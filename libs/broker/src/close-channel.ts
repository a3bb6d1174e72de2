import type { Channel } from 'amqplib';

/**
 * Closes a channel, and resolves when the broker has answered or the connection is lost: amqplib's own promise never
 * settles in the second case. Never throws. It has no deadline: see `within`.
 * What was sent on the channel arrives before the close does: acks are flushed by it.
 */
export function closeChannel(channel: Channel): Promise<void> {
  return new Promise((resolve) => {
    channel.once('close', () => resolve());
    channel.close().then(resolve, () => resolve()); // rejects only when it is closed already
  });
}
