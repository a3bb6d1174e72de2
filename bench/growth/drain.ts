import { fillOutbox } from '../relay/fill-outbox.js';
import { measured } from '../relay/relay-bench.js';
import type { Run } from '../rig/rounds.js';
import type { BenchSystem } from '../rig/system.js';
import type { Outbox } from './outbox-with-history.js';

/** The system's own outbox, emptied before each run. */
export const withoutHistory = ({ payments, env }: BenchSystem): Outbox => ({ client: payments, env });

/**
 * Writes so many messages in all shards and lets a relay publish them. What the outbox holds already stays, unless it is
 * the system's own.
 */
export async function drain(
  system: BenchSystem,
  outbox: Outbox,
  messages: number,
  env: Record<string, string> = {},
): Promise<Run> {
  await system.clear();
  await fillOutbox(outbox.client, messages);
  await outbox.client.query('VACUUM ANALYZE outbox_message');
  await outbox.client.query('CHECKPOINT');
  return runRelay(system, outbox, messages, env);
}

/** Lets a relay publish what waits, until it has published so many. */
export function runRelay(
  system: BenchSystem,
  outbox: Outbox,
  messages: number,
  env: Record<string, string> = {},
): Promise<Run> {
  return measured(system, 'dist/bench/relay/relay-program.js', messages, { ...outbox.env, ...env });
}
