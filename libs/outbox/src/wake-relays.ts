import { pause } from '@paid-once/service';
import type { DataSource } from 'typeorm';
import { runStatement } from './held-connection.js';

export const wakeChannel = 'outbox_message';

/** A relay rests twice as long between two windows: more often would only cost. */
const restMs = 5;

/**
 * Tells the relays that something was committed. Never inside the transaction: NOTIFY takes a lock at commit that all
 * writers share. The first call is sent at once; calls in the next milliseconds become one more. That it fails does not
 * matter: relays look by themselves each second, and each other one while nothing happens.
 * @param shards where something was committed, such as `0,3`; none: anywhere
 */
export function wakeRelays(database: DataSource, shards = ''): void {
  const waiting = calls.get(database);
  if (waiting) return void waiting.push(shards);
  calls.set(database, []);
  void notify(database, [shards]);
}

const calls = new WeakMap<DataSource, string[]>();

async function notify(database: DataSource, shards: string[]): Promise<void> {
  for (let now = shards; now.length > 0; now = calls.get(database)?.splice(0) ?? []) {
    const all = now.includes('') ? '' : [...new Set(now)].join(',');
    await runStatement(database, 'SELECT pg_notify($1, $2)', [wakeChannel, all]).catch(() => {});
    await pause(restMs);
  }
  calls.delete(database);
}

/** @returns whether a shard is among those that `wakeRelays` told of */
export function concerns(told: string | undefined, shard: number): boolean {
  return !told || told.split(',').includes(String(shard));
}
