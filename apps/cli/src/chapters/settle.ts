import { pause } from '@paid-once/service/basics';
import { z } from 'zod';
import { relayStatus } from '../relay-status.js';
import { call } from '../services.js';
import type { SystemUrls } from '../settings.js';
import type { Hop } from './chapter-result.js';
import { countHop, type Entry } from './count-hop.js';
import { readPayments, readTransfers } from './read-ledgers.js';

const lookEveryMs = 250;
const givenUpAfterMs = 60_000;
/** After a model that sends again nothing more comes when this long nothing has; the one that never does gets longer. */
const quietMs = 2_000;
const quietNaiveMs = 3_000;

export interface SettleOptions {
  urls: SystemUrls;
  signal: AbortSignal;
  /** What the client was to pay, row by row. */
  rows: readonly Entry[];
  /** Whether messages are kept until they are posted: then a payment that is not posted is waited for, a minute long. */
  keepsMessages: boolean;
}

/** Waits until nothing moves any more, then counts both hops. */
export async function settle(options: SettleOptions): Promise<{ clientHop: Hop; ledgerHop: Hop }> {
  const until = performance.now() + givenUpAfterMs;
  for (;;) {
    await quiet(options, until);
    const hops = await countHops(options);
    const isWaitedFor = options.keepsMessages && hops.ledgerHop.lost.count > 0;
    if (!isWaitedFor || performance.now() > until) return hops;
  }
}

async function countHops({ urls, signal, rows }: SettleOptions): Promise<{ clientHop: Hop; ledgerHop: Hop }> {
  const payments = await readPayments(urls.payments, signal);
  const transfers = await readTransfers(urls.ledger, signal);
  return {
    clientHop: countHop(
      rows,
      payments.map(({ reference, minor }) => ({ key: reference, minor })),
    ),
    ledgerHop: countHop(
      payments.map(({ id, minor }) => ({ key: id, minor })),
      transfers,
    ),
  };
}

/** Resolves when the outbox is empty and the ledger has stood still for a while; or when the time is up. */
async function quiet({ urls, signal, keepsMessages }: SettleOptions, until: number): Promise<void> {
  const wantedMs = keepsMessages ? quietMs : quietNaiveMs;
  let still = await look(urls, signal);
  let since = performance.now();
  while (performance.now() < until) {
    await pause(lookEveryMs, signal);
    signal.throwIfAborted();
    const now = await look(urls, signal);
    // Who does not answer may be about to post something: a ledger that was killed comes back.
    if (now === undefined || now !== still) [still, since] = [now, performance.now()];
    else if (performance.now() - since >= wantedMs) return;
  }
}

const stats = z.object({ count: z.number() });
const consuming = z.object({ consumer: z.object({ kind: z.literal('consuming') }) });

/** What the ledger holds, when nothing waits before it and it consumes; undefined when that cannot be said now. */
async function look({ relay, ledger }: SystemUrls, signal: AbortSignal): Promise<number | undefined> {
  try {
    await call('ledger', ledger, { path: '/status', signal }, consuming);
    const { pending, trouble } = await relayStatus(relay, signal);
    const { count } = await call('ledger', ledger, { path: '/stats', signal }, stats);
    return pending === 0 && trouble === undefined ? count : undefined;
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}
