import { pause } from '@paid-once/service';
import type { DataSource } from 'typeorm';
import { runStatement } from './held-connection.js';

export const wakeChannel = 'outbox_message';

/** A relay rests twice as long between two windows: more often would only cost. */
const restMs = 5;

/**
 * Tells the relays that something was committed. Never inside the transaction: NOTIFY takes a lock at commit that all
 * writers share. The first call is sent at once; calls in the next milliseconds become one more. That it fails does not
 * matter: relays look by themselves once a second.
 */
export function wakeRelays(database: DataSource): void {
  const state = calls.get(database);
  if (state) return void (state.again = true);
  const call = { again: false };
  calls.set(database, call);
  void notify(database, call);
}

const calls = new WeakMap<DataSource, { again: boolean }>();

async function notify(database: DataSource, call: { again: boolean }): Promise<void> {
  do {
    call.again = false;
    await runStatement(database, `NOTIFY ${wakeChannel}`).catch(() => {});
    await pause(restMs);
  } while (call.again);
  calls.delete(database);
}
