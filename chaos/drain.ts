import { setTimeout as pause } from 'node:timers/promises';
import { ledgerQueue, parkedQueue } from '@paid-once/contracts';
import { shardCount } from '@paid-once/outbox';
import { relayStatus } from '../apps/cli/src/relay-status.js';
import type { ChaosSystem } from './system.js';

const lookEveryMs = 250;
const stillForMs = 2_000;

/** Resolves when nothing waits anywhere and the ledger has stood still for two seconds. @throws the signal's reason */
export async function settled(system: ChaosSystem, signal: AbortSignal): Promise<void> {
  let [before, since] = [-1, performance.now()];
  for (;;) {
    const now = await posted(system).catch(() => undefined);
    if (now === undefined || now !== before) [before, since] = [now ?? -1, performance.now()];
    else if (performance.now() - since >= stillForMs) return;
    await pause(lookEveryMs, undefined, { signal });
  }
}

/** How much the ledger has posted; undefined while something waits before it. */
async function posted(system: ChaosSystem): Promise<number | undefined> {
  const { pending } = await relayStatus(system.process('relay').url);
  if (pending > 0 || (await inQueues(system)) > 0) return undefined;
  const [row] = await system.sql<{ count: number }>('ledger', 'SELECT count(*)::int AS count FROM transfer');
  return row?.count;
}

const queues = [...Array.from({ length: shardCount }, (_, shard) => ledgerQueue(shard)), parkedQueue];

/** RabbitMQ's figures are some seconds old: the ledger that stands still says the rest. */
async function inQueues({ broker, vhost }: ChaosSystem): Promise<number> {
  const found = (await broker.ask('GET', ['queues', vhost])) as { name: string; messages?: number }[];
  return found
    .filter(({ name }) => queues.includes(name))
    .reduce((sum, { messages = 0 }) => sum + messages, 0);
}
