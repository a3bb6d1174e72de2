// For each alert, what Prometheus sees of a fault that it is for: values while all is well, and while the fault lasts
// (`grows`: what a counter gains in half a minute), and what the alert then says.
export const faults = [
  {
    alert: 'ProcessDown',
    series: [{ name: 'up{job="paid-once",instance="ledger:8081"}', well: 1, fault: 0 }],
    labels: { job: 'paid-once', instance: 'ledger:8081' },
    summary: 'ledger:8081 does not answer',
  },
  {
    alert: 'NotReady',
    series: [{ name: 'paid_once_ready{instance="payments:8080",check="database"}', well: 1, fault: 0 }],
    labels: { instance: 'payments:8080', check: 'database' },
    summary: 'payments:8080 lacks its database',
  },
  {
    alert: 'OutboxGrows',
    // Two relays tell the same.
    series: [
      { name: 'paid_once_outbox_oldest_age_seconds{instance="a",shard="1"}', well: 1, fault: 300 },
      { name: 'paid_once_outbox_oldest_age_seconds{instance="b",shard="1"}', well: 1, fault: 300 },
      { name: 'paid_once_outbox_oldest_age_seconds{instance="a",shard="2"}', well: 1, fault: 1 },
    ],
    labels: { shard: '1' },
    summary: 'shard 1: the oldest payment has waited for 5m 0s',
  },
  {
    alert: 'CursorStandsStill',
    series: [
      { name: 'paid_once_outbox_pending{shard="1"}', well: 2, fault: 7 },
      { name: 'paid_once_outbox_progress_age_seconds{shard="1"}', well: 1, fault: 130 },
      // A shard at rest, for which nothing waits.
      { name: 'paid_once_outbox_pending{shard="2"}', well: 0, fault: 0 },
      { name: 'paid_once_outbox_progress_age_seconds{shard="2"}', well: 9000, fault: 9000 },
    ],
    labels: { shard: '1' },
    summary: 'shard 1: something waits, and its cursor has not moved for 2m 10s',
  },
  {
    alert: 'ShardWithoutOwner',
    series: [
      { name: 'paid_once_outbox_shard_owned{instance="a",shard="0"}', well: 1, fault: 0 },
      { name: 'paid_once_outbox_shard_owned{instance="b",shard="0"}', well: 1, fault: 0 },
    ],
    labels: { shard: '0' },
    summary: 'no relay holds shard 0',
  },
  {
    alert: 'TransactionStaysOpen',
    series: [{ name: 'paid_once_outbox_open_transaction_seconds', well: 0, fault: 90 }],
    summary: 'a transaction in the payments database has been open for 1m 30s',
  },
  {
    alert: 'BrokerTakesNothing',
    series: [
      { name: 'paid_once_relay_published_total{outcome="blocked"}', grows: 5 },
      { name: 'paid_once_relay_published_total{outcome="confirmed"}', grows: 5 },
    ],
    labels: { outcome: 'blocked' },
    summary: 'RabbitMQ does not confirm: blocked',
  },
  {
    alert: 'NoQueueTakesIt',
    series: [{ name: 'paid_once_relay_published_total{outcome="unroutable"}', grows: 5 }],
    summary: 'RabbitMQ returns messages, because no queue is bound for them',
  },
  {
    alert: 'QueueWithoutConsumer',
    series: [
      { name: 'paid_once_queue_consumers{queue="ledger.payments.0"}', well: 1, fault: 0 },
      { name: 'paid_once_queue_consumers{queue="ledger.payments.1"}', well: 1, fault: 1 },
    ],
    labels: { queue: 'ledger.payments.0' },
    summary: 'nobody consumes ledger.payments.0',
  },
  {
    alert: 'LedgerTakesNothing',
    series: [{ name: 'paid_once_ledger_consuming{instance="a"}', well: 1, fault: 0 }],
    summary: 'no ledger takes deliveries',
  },
  {
    alert: 'DeadLettersNotFetched',
    series: [{ name: 'paid_once_ledger_fetches_dead_letters{instance="a"}', well: 1, fault: 0 }],
    summary: 'no ledger fetches what RabbitMQ gives up',
  },
  {
    alert: 'DeadLetters',
    series: [
      { name: 'paid_once_outbox_dead_letters{instance="a",shard="0"}', well: 0, fault: 2 },
      { name: 'paid_once_outbox_dead_letters{instance="b",shard="0"}', well: 0, fault: 2 },
      { name: 'paid_once_outbox_dead_letters{instance="a",shard="1"}', well: 0, fault: 1 },
    ],
    summary: '3 messages were given up in the outbox',
  },
  {
    alert: 'MessagesParked',
    series: [
      { name: 'paid_once_ledger_parked{reason="conflict"}', well: 0, fault: 4 },
      { name: 'paid_once_ledger_parked{reason="waiting-for"}', well: 9, fault: 9 },
    ],
    labels: { reason: 'conflict' },
    summary: '4 messages are set aside at the ledger: conflict',
  },
  {
    alert: 'ReversalWaits',
    series: [{ name: 'paid_once_ledger_parked{reason="waiting-for"}', well: 0, fault: 2 }],
    summary: '2 messages wait for what must be posted before them',
  },
  {
    alert: 'BrokerLostMessages',
    series: [{ name: 'paid_once_repair_missing_total', grows: 1 }],
    summary: 'RabbitMQ had confirmed messages and lost them',
  },
  {
    alert: 'LoopNotSeen',
    series: [{ name: 'paid_once_loop_age_seconds{shard="3"}', well: 30, fault: 1200 }],
    labels: { shard: '3' },
    summary: 'shard 3: for 20m 0s no probe has come around from outbox to inbox',
  },
  {
    alert: 'LedgersDiffer',
    series: [
      { name: 'paid_once_ledger_difference_minor_units{currency="EUR"}', well: 0, fault: 1250 },
      { name: 'paid_once_ledger_difference_minor_units{currency="JPY"}', well: 0, fault: 0 },
      { name: 'paid_once_outbox_pending{shard="0"}', well: 0, fault: 0 },
      { name: 'paid_once_queue_messages{queue="ledger.payments.0"}', well: 0, fault: 0 },
    ],
    labels: { currency: 'EUR' },
    summary: 'the ledgers differ by 1250 minor units of EUR, and nothing is on its way',
  },
  {
    alert: 'PaymentsRefused',
    series: [
      { name: 'paid_once_payments_requests_total{outcome="overloaded"}', grows: 3 },
      { name: 'paid_once_payments_requests_total{outcome="key-reused"}', grows: 3 },
    ],
    labels: { outcome: 'overloaded' },
    summary: 'payments are answered 5xx: overloaded',
  },
  {
    alert: 'OutcomesUnknown',
    series: [{ name: 'paid_once_payments_requests_total{outcome="failed"}', grows: 1 }],
    summary: 'how some requests ended is not known',
  },
  {
    alert: 'DiskFull',
    series: [{ name: 'paid_once_payments_requests_total{outcome="storage"}', grows: 1 }],
    summary: 'the payments database has no space left',
  },
  {
    alert: 'HistoryNotRemoved',
    series: [{ name: 'paid_once_retention_failing{instance="relay:8082"}', well: 0, fault: 1 }],
    labels: { instance: 'relay:8082' },
    summary: 'relay:8082 cannot remove what is older than its retention',
  },
];
