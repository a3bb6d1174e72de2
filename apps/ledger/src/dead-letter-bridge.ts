import { Consumer, type BrokerConnection, type Delivery } from '@paid-once/broker';
import { ledgerQueue, markerType, messageHeaders, parkedQueue } from '@paid-once/contracts';
import { BatchConsumer, lookUp, parkUnlessArrived, type Parking, type Tally } from '@paid-once/inbox';
import type { DataSource, EntityManager } from 'typeorm';
import { aboutDelivery } from './about-delivery.js';
import { onlyTrusted } from './only-trusted.js';
import { lockShards, shardOf } from './transfers.js';

const prefetch = 200;

/**
 * Brings what RabbitMQ itself has given up (beyond a delivery limit, rejected, dropped by a policy) to where everything
 * is that was set aside: it is acknowledged there only after the commit.
 */
export function bridgeDeadLetters(
  database: DataSource,
  connection: BrokerConnection,
  trusted: string[],
): BatchConsumer {
  return new BatchConsumer({
    database,
    subscribe: (listener) =>
      new Consumer(connection, {
        queues: [parkedQueue],
        prefetch,
        onDelivery: (delivery) => listener.onDelivery({ ...delivery, queue: queueItDiedIn(delivery) }),
        onLost: () => listener.onLost(),
      }),
    maxBatch: prefetch,
    lock: lockShards,
    handle: onlyTrusted(trusted, parkDeadLetters),
    about: aboutDelivery,
    onStep: () => {},
  });
}

/**
 * What has arrived by another way (replayed, or acknowledged too late) is only counted. A marker is forgotten: it came
 * this way, so it says nothing of what was before it.
 */
export async function parkDeadLetters(tx: EntityManager, deliveries: Delivery[]): Promise<Tally> {
  const letters = deliveries.filter(({ type }) => type !== markerType);
  await lockShards(tx, letters);
  const { runId } = await lookUp(tx, []);
  return await parkUnlessArrived(
    tx,
    letters.map((letter) => parkingOf(letter, runId)),
  );
}

function parkingOf(message: Delivery, runId: string): Parking {
  if (message.headers[messageHeaders.run] !== runId)
    return { message, reason: 'other-run', detail: 'it was sent before the last reset' };
  const why = message.headers['x-first-death-reason'];
  const reason = typeof why === 'string' ? (reasons[why] ?? why) : 'it does not say why';
  return { message, reason: 'dead-lettered', detail: `the broker gave it up: ${reason}` };
}

/** In the broker's own words, and what they mean. */
const reasons: Record<string, string> = {
  delivery_limit: 'it was delivered and not acknowledged more often than the limit (delivery_limit)',
  rejected: 'a consumer rejected it (rejected)',
  expired: 'it was older than a policy allows (expired)',
  maxlen: 'the queue was longer than a policy allows (maxlen)',
};

/** One of ours, or the queue of the dead letters: the message says it, so it may say anything. */
function queueItDiedIn({ headers, queue }: Delivery): string {
  const said = headers['x-first-death-queue'];
  return typeof said === 'string' && said === ledgerQueue(shardOf(said)) ? said : queue;
}
