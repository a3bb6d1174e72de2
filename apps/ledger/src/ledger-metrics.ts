import { parkedCounts, parkReasons } from '@paid-once/inbox';
import {
  byLabel,
  counter,
  gauge,
  reading,
  retentionMetrics,
  type ReadMetrics,
  type RetentionSchedule,
} from '@paid-once/service';
import type { DataSource } from 'typeorm';
import type { EndToEndTimes } from './end-to-end.js';
import type { PaymentsConsumer } from './payments.consumer.js';

/** What the ledger tells Prometheus: what arrives, what comes again, what is set aside, and how long it took. */
export function ledgerMetrics(
  database: DataSource,
  consumer: PaymentsConsumer,
  endToEnd: EndToEndTimes,
  retention: RetentionSchedule<Record<string, number>>,
): ReadMetrics {
  return async () => {
    const [waiting, queues] = await Promise.all([
      reading(database, parkedCounts).catch(() => undefined),
      consumer.queueFigures(),
    ]);
    return [
      ...ofTallies(consumer),
      {
        name: 'paid_once_end_to_end_seconds',
        type: 'histogram',
        help: 'From the moment a payment was accepted to the commit of its transfer',
        ...endToEnd.distribution,
      },
      gauge('paid_once_ledger_consuming', 'Whether deliveries are taken: 1, or 0. GET /status says why not', {
        value: consumer.state.kind === 'consuming' ? 1 : 0,
      }),
      gauge(
        'paid_once_ledger_fetches_dead_letters',
        'Whether what RabbitMQ itself gives up is fetched: 1, or 0. GET /status says why not',
        { value: consumer.bridge?.state.kind === 'consuming' ? 1 : 0 },
      ),
      gauge(
        'paid_once_ledger_parked',
        'Messages that are set aside, by reason, without those that were dropped',
        ...(waiting ? byLabel('reason', { ...noneParked, ...waiting }) : []),
      ),
      gauge(
        'paid_once_queue_messages',
        'Messages in a queue that nobody has been given',
        ...queues.map(({ queue, ready }) => ({ value: ready, labels: { queue } })),
      ),
      gauge(
        'paid_once_queue_consumers',
        'Who has subscribed to a queue, those that wait for their turn included',
        ...queues.map(({ queue, consumers }) => ({ value: consumers, labels: { queue } })),
      ),
      ...retentionMetrics(retention.status),
    ];
  };
}

const noneParked = Object.fromEntries(parkReasons.map((reason) => [reason, 0]));

function ofTallies({ counts, bridge }: PaymentsConsumer) {
  const { message = 0, event = 0 } = counts.repeated;
  const { redelivered = 0 } = counts;
  return [
    counter('paid_once_ledger_posted_total', 'Payments and reversals that were posted', {
      value: counts.done,
    }),
    counter('paid_once_ledger_batches_total', 'Transactions that posted them', { value: counts.batches }),
    counter(
      'paid_once_duplicates_total',
      'What came again and took effect once, by what repeated it',
      ...byLabel('cause', {
        republish: message - redelivered,
        redelivery: redelivered,
        'same-event': event,
      }),
    ),
    counter(
      'paid_once_ledger_parked_total',
      'Messages that were set aside, by reason; one that is tried again and set aside again counts again',
      ...byLabel('reason', { ...noneParked, ...sum(counts.parked, bridge?.counts.parked ?? {}) }),
    ),
  ];
}

function sum(one: Partial<Record<string, number>>, other: Partial<Record<string, number>>) {
  const reasons = [...Object.keys(one), ...Object.keys(other)];
  return Object.fromEntries(reasons.map((reason) => [reason, (one[reason] ?? 0) + (other[reason] ?? 0)]));
}
