import { Publisher, type BrokerConnection } from '@paid-once/broker';
import { paymentsExchange, wireMessage } from '@paid-once/contracts';
import { shardCount } from '@paid-once/outbox';
import { randomBytes } from 'node:crypto';

const atATime = 1_000;

/**
 * Puts payment events into the ledger's queues, evenly over the shards.
 * @param options.accounts between how many names the money moves; with two, all payments go from one to the other
 * @param options.exchange of somebody else's queues
 */
export async function fillQueues(
  broker: BrokerConnection,
  options: { messages: number; accounts: number; runId: string; exchange?: string },
): Promise<void> {
  const { messages, accounts, runId, exchange = paymentsExchange } = options;
  const publisher = new Publisher(broker, { exchange, confirmTimeoutMs: 30_000 });
  const lanes = Array.from({ length: shardCount }, async (_, shard) => {
    for (let from = shard; from < messages; from += shardCount * atATime) {
      const numbers = Array.from({ length: atATime }, (_, i) => from + i * shardCount);
      await publisher.publishAll(
        shard,
        numbers.filter((n) => n < messages).map((n) => eventNo(n, shard, accounts, runId)),
      );
    }
    await publisher.closeLane(shard);
  });
  await Promise.all(lanes);
}

function eventNo(n: number, shard: number, accounts: number, runId: string) {
  const paymentId = uuidV7();
  const src = accounts === 2 ? 0 : n % accounts;
  const data = {
    paymentId,
    src: `account-${src}`,
    dest: `account-${(src + 1 + (n % (accounts - 1))) % accounts}`,
    amountMinor: String(1 + (n % 1_000)),
    currency: 'EUR',
    reference: null,
  };
  return wireMessage({
    message_id: uuidV7(),
    run_id: runId,
    shard,
    type: 'payment.accepted',
    key: paymentId,
    headers: {},
    payload: JSON.stringify(data),
    created_at: new Date(),
  });
}

/** In order of time, as the database makes them: where a row goes in an index is part of what it costs. */
function uuidV7(): string {
  const hex = Date.now().toString(16).padStart(12, '0') + randomBytes(10).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
