import { eventually, type TestStack } from './test-stack.js';

export interface RelayAnswer {
  published: number;
  outbox: { pending: number };
  repair: {
    missingFound: number;
    waitingFor: string | null;
    shards: { shard: number; verifiedSeconds: number | null }[];
  };
}

/** @returns undefined while the relay, or its database, does not answer */
export async function relayStatus({ stack }: TestStack): Promise<RelayAnswer | undefined> {
  const response = await fetch(`${stack.urls.relay}/status`).catch(() => undefined);
  const answer = response?.ok ? ((await response.json()) as RelayAnswer) : undefined;
  return answer?.outbox ? answer : undefined;
}

export async function isOutboxDrained(system: TestStack): Promise<boolean> {
  return (await relayStatus(system))?.outbox.pending === 0;
}

/** Resolves when every shard was found complete in a round that began after this call. */
export async function untilVerified(system: TestStack): Promise<void> {
  const startedAt = performance.now();
  await eventually(async () => {
    const repair = (await relayStatus(system))?.repair;
    const seconds = (performance.now() - startedAt) / 1_000;
    // A second for the round that was under way.
    return (
      repair?.shards.every(({ verifiedSeconds }) => (verifiedSeconds ?? Infinity) < seconds - 1) === true
    );
  }, 'all shards are verified');
}
