import {
  ensureRabbitMq,
  startRabbitMq,
  startRabbitMqContainer,
  throwAwayDirectory,
  type RabbitServer,
} from '@paid-once/infrastructure';

/** A broker that this test may set up otherwise than others: with short time-outs. */
export async function startOwnBroker(): Promise<RabbitServer> {
  if (process.env['TEST_SERVERS'] === 'containers') return await startRabbitMqContainer({});
  await ensureRabbitMq(() => {});
  const { path } = await throwAwayDirectory('ownbroker');
  return await startRabbitMq({ directory: path, keep: false });
}
