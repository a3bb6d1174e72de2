/** Names in RabbitMQ, and what a message carries beside its body. Arguments and permissions: `libs/broker`. */
export const paymentsExchange = 'payments';
export const deadLetterExchange = 'payments.dead';
export const parkedQueue = 'ledger.payments.parked';

/** The quorum queue of a shard. */
export const ledgerQueue = (shard: number): string => `ledger.payments.${shard}`;

/** `#.0`, because `*.0` does not match `payment.accepted.0`: such messages would be returned *and confirmed*. */
export const shardBinding = (shard: number): string => `#.${shard}`;

export const routingKey = (type: string, shard: number): string => `${type}.${shard}`;

/**
 * The type of a message that says nothing but how far a shard's queue has been read: the ledger remembers its id, and
 * with it everything that was published before it has arrived.
 */
export const markerType = 'outbox.marker';

export const messageHeaders = {
  /** Payment id: what order is kept for. */
  key: 'key',
  /** The run the message belongs to; a reset starts another one, and the ledger refuses what is left of the old. */
  run: 'run',
  schemaVersion: 'schemaversion',
  /** `eventName` of the event that must be posted before this one. */
  causation: 'causation',
  /** Which trace it belongs to (W3C); there only while something is traced. */
  traceparent: 'traceparent',
} as const;
