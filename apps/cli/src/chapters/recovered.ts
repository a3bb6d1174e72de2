import { pause } from '@paid-once/service/basics';
import { z } from 'zod';
import { relayStatus } from '../relay-status.js';
import { call } from '../services.js';
import type { SystemUrls } from '../settings.js';

const withinMs = 60_000;
const lookEveryMs = 50;

export interface WhoRecovers {
  urls: SystemUrls;
  /** The management API with its administrator. */
  brokerAdmin: string;
  /** Whether payments publishes too, as it does in chapter 1. */
  paymentsPublishes: boolean;
  signal: AbortSignal;
}

/**
 * Resolves when everybody who publishes or consumes has found the broker again. Without that a fast chapter would be over
 * before, and what it lost would tell how long reconnecting takes.
 * @throws Error somebody has not within a minute
 */
export async function recovered(who: WhoRecovers): Promise<void> {
  const { signal } = who;
  const until = performance.now() + withinMs;
  for (;;) {
    const trouble = await whatIsWrong(who);
    signal.throwIfAborted();
    if (trouble === undefined) return;
    if (performance.now() > until) throw new Error(`not recovered from a fault within a minute: ${trouble}`);
    await pause(lookEveryMs, signal);
  }
}

const ledgerStatus = z.object({ consumer: z.object({ kind: z.string() }) });

async function whatIsWrong(who: WhoRecovers): Promise<string | undefined> {
  const { urls, brokerAdmin, paymentsPublishes, signal } = who;
  try {
    const { trouble } = await relayStatus(urls.relay, signal);
    if (trouble !== undefined) return trouble;
    const { consumer } = await call('ledger', urls.ledger, { path: '/status', signal }, ledgerStatus);
    if (consumer.kind !== 'consuming') return `the ledger is ${consumer.kind}`;
    const isMissing = paymentsPublishes && !(await usersOnline(brokerAdmin, signal)).includes('payments');
    return isMissing ? 'payments has no channel to RabbitMQ' : undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const channels = z.array(z.object({ user: z.string() }));

/** Who has a channel open. Payments' own publisher tells nobody of its connection: that is what is wrong with it. */
async function usersOnline(brokerAdmin: string, signal: AbortSignal): Promise<string[]> {
  const url = new URL('api/channels?columns=user', `${brokerAdmin}/`);
  const { username, password } = url;
  url.username = url.password = '';
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const response = await fetch(url, { headers: { authorization }, signal });
  return channels.parse(await response.json()).map(({ user }) => user);
}
