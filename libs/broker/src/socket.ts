import { Socket } from 'node:net';
import type { ChannelModel } from 'amqplib';

/** Until the returned function is called, writes to a connection are collected: one system call for all, not one for each. */
export function collectWrites({ connection }: ChannelModel): () => void {
  if (!('stream' in connection) || !(connection.stream instanceof Socket)) return () => {};
  const { stream } = connection;
  stream.cork();
  return () => stream.uncork();
}

/**
 * Ends a connection without asking the broker, which may not answer: everything on it fails at once.
 * amqplib has no such call; its `close` waits for an answer without a deadline.
 */
export function cutSocket(model: ChannelModel, reason: Error): void {
  if ('stream' in model.connection && model.connection.stream instanceof Socket)
    model.connection.stream.destroy(reason);
}
