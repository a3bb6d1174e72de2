import { byLabel, counter, gauge, type ReadMetrics } from '@paid-once/service';
import type { DataSource } from 'typeorm';
import type { AcceptPayments } from './accept-payments.js';

/** What payments tells Prometheus: how requests ended, and how much room is left. */
export function paymentsMetrics(
  payments: AcceptPayments,
  database: DataSource,
  backlog: number,
): ReadMetrics {
  return async () => {
    const { inHand } = payments;
    const outcomes = payments.outcomes.counts;
    const { idleCount, totalCount, waitingCount } = poolOf(database);
    return [
      counter(
        'paid_once_payments_requests_total',
        'Payments and reversals that were asked for, by how that ended; accepted and repeated are durable',
        ...byLabel('outcome', outcomes),
      ),
      counter('paid_once_duplicates_total', 'What came again and took effect once, by what repeated it', {
        value: outcomes.repeated,
        labels: { cause: 'client-retry' },
      }),
      gauge('paid_once_payments_in_hand', 'Requests that are neither answered nor refused', {
        value: inHand,
      }),
      gauge('paid_once_payments_backlog_limit', 'Above so many in hand, requests are answered 503', {
        value: backlog,
      }),
      gauge(
        'paid_once_database_connections',
        'Connections to the database, by what they do; waiting: requests for one',
        ...byLabel('state', { busy: totalCount - idleCount, idle: idleCount, waiting: waitingCount }),
      ),
    ];
  };
}

interface Pool {
  totalCount: number;
  idleCount: number;
  waitingCount: number;
}

function poolOf({ driver }: DataSource): Pool {
  const { master } = driver as { master?: Pool };
  return master ?? { totalCount: 0, idleCount: 0, waitingCount: 0 };
}
