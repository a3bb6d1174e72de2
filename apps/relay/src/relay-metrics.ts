import { openTransactionSeconds, outboxStatus, type Relay, type ShardStatus } from '@paid-once/outbox';
import {
  byLabel,
  counter,
  gauge,
  known,
  reading,
  retentionMetrics,
  type ReadMetrics,
  type RetentionSchedule,
} from '@paid-once/service';
import type { DataSource } from 'typeorm';
import type { PublishOutbox } from './publish-outbox.js';
import type { ReportRepair } from './report-repair.js';

/** What the relay tells Prometheus: what waits, what leaves, and whether it arrives. */
export function relayMetrics(
  database: DataSource,
  relay: Relay,
  outbox: PublishOutbox,
  repair: ReportRepair,
  retention: RetentionSchedule<Record<string, number>>,
): ReadMetrics {
  return async () => {
    const waiting = await reading(database, async (db) => ({
      shards: await outboxStatus(db),
      openTransactionSeconds: await openTransactionSeconds(db),
    })).catch(() => undefined);
    return [
      ...ofShards(waiting?.shards ?? []),
      gauge(
        'paid_once_outbox_open_transaction_seconds',
        'How long, at least, the oldest transaction has been open: what it writes is published after its commit',
        waiting && { value: waiting.openTransactionSeconds ?? 0 },
      ),
      counter(
        'paid_once_relay_published_total',
        'Messages by how their slice ended; what is not confirmed is published again, and what is repeated counts again',
        ...byLabel('outcome', outbox.outcomes.counts),
      ),
      gauge('paid_once_relay_confirms_outstanding', 'Messages in slices that are not confirmed yet', {
        value: outbox.outcomes.outstanding,
      }),
      gauge('paid_once_relay_owned_shards', 'Shards that this process publishes', {
        value: relay.ownedShards.length,
      }),
      ...ofRepair(repair),
      ...retentionMetrics(retention.status),
    ];
  };
}

function ofShards(shards: ShardStatus[]) {
  const each = (figure: (shard: ShardStatus) => number | null) =>
    shards.map((shard) => known(figure(shard), { shard: shard.shard }));
  return [
    gauge(
      'paid_once_outbox_pending',
      'Messages committed and not published',
      ...each(({ pending }) => pending),
    ),
    gauge(
      'paid_once_outbox_oldest_age_seconds',
      'Age of the oldest of them; 0: none waits',
      ...each(({ oldestSeconds }) => oldestSeconds ?? 0),
    ),
    gauge(
      'paid_once_outbox_progress_age_seconds',
      'How long ago the cursor of a shard moved; it rests while nothing waits',
      ...each(({ progressSeconds }) => progressSeconds),
    ),
    gauge(
      'paid_once_outbox_shard_owned',
      'Whether a relay holds the shard: 1, or 0',
      ...each(({ owner }) => (owner === null ? 0 : 1)),
    ),
    gauge(
      'paid_once_outbox_dead_letters',
      'Messages that were given up before they were published',
      ...each(({ deadLetters }) => deadLetters),
    ),
  ];
}

function ofRepair({ status, loopAges }: ReportRepair) {
  return [
    gauge(
      'paid_once_loop_age_seconds',
      'How long ago a probe message went around the whole loop, from the outbox to the ledger’s inbox, and nothing before it was missing',
      ...loopAges.map(({ shard, seconds }) => ({ value: seconds, labels: { shard } })),
    ),
    counter(
      'paid_once_repair_missing_total',
      'Messages that the broker confirmed and the ledger never got: they were published again',
      { value: status.missingFound },
    ),
  ];
}
