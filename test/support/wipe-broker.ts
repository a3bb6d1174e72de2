import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setUpSystem } from '../../apps/cli/src/set-up/set-up-system.js';
import type { Stack } from '../../apps/cli/src/stack/start-stack.js';

/**
 * What a lost disk does to RabbitMQ: killed, its data gone, started empty. Its users, exchange and queues are not there
 * until setup runs again.
 * @param data where the servers' data are
 * @param whileAway what happens before it is started again
 */
export async function wipeBroker(
  stack: Stack,
  data: string,
  whileAway: () => Promise<unknown> = async () => {},
): Promise<void> {
  const broker = stack.servers?.broker;
  if (!broker) throw new Error('Bug: only a broker of its own may be wiped');
  await broker.kill('SIGKILL');
  await rm(join(data, 'broker/data'), { recursive: true });
  await whileAway();
  await broker.restart({ quick: true });
}

/** As `paid-once setup`. */
export async function setUpAgain(stack: Stack): Promise<void> {
  await setUpSystem({ env: { ...stack.env }, say: () => {} });
}
