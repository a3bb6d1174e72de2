import { createHash, randomBytes } from 'node:crypto';
import {
  deadLetterExchange,
  ledgerQueue,
  parkedQueue,
  paymentsExchange,
  shardBinding,
} from '@paid-once/contracts';

export interface BrokerCredentials {
  user: string;
  password: string;
}

/** The services' users. None is an administrator, and none can declare anything. */
export interface BrokerUsers {
  relay: BrokerCredentials;
  ledger: BrokerCredentials;
  /** Lab mode only: outside it, payments has no business with the broker. */
  payments?: BrokerCredentials;
}

/** On users that exist for lab mode only, so that a setup outside it finds them. It permits nothing. */
export const labTag = 'paid-once-lab';

/**
 * Broken links must not cost a payment: a small limit parks innocent messages when a link flaps. Never -1 (unlimited on
 * 4.x, but on 3.10 the first lost connection drops the message) and never absent (4.x then takes 20).
 */
const deliveryLimit = 1_000_000;

/** What the queue of a shard is made of. No length and no age limit: a nack in a pipelined slice turns order round. */
export const ledgerQueueArguments = {
  'x-queue-type': 'quorum',
  'x-single-active-consumer': true,
  'x-delivery-limit': deliveryLimit,
  'x-dead-letter-exchange': deadLetterExchange,
  'x-dead-letter-strategy': 'at-least-once',
  'x-overflow': 'reject-publish', // without it, at-least-once falls back to at-most-once, silently
} as const;

export const parkedQueueArguments = { 'x-queue-type': 'quorum', 'x-delivery-limit': deliveryLimit } as const;

/** Everything the broker has to know, as RabbitMQ's definitions JSON (3.10 to 4.x). Importing it twice changes nothing. */
export function definitions({ shards, vhost, users }: { shards: number; vhost: string; users: BrokerUsers }) {
  const ledgerQueues = Array.from({ length: shards }, (_, shard) => ({ shard, name: ledgerQueue(shard) }));
  return {
    vhosts: [{ name: vhost }],
    users: [
      user(users.relay),
      user(users.ledger),
      ...(users.payments === undefined ? [] : [user(users.payments, [labTag])]),
    ],
    permissions: [
      writer(users.relay, vhost),
      { user: users.ledger.user, vhost, configure: '^$', write: '^$', read: '^ledger\\.payments\\.' },
      ...(users.payments === undefined ? [] : [writer(users.payments, vhost)]),
    ],
    exchanges: [topicExchange(paymentsExchange, vhost), topicExchange(deadLetterExchange, vhost)],
    queues: [
      ...ledgerQueues.map(({ name }) => queue(name, vhost, ledgerQueueArguments)),
      queue(parkedQueue, vhost, parkedQueueArguments),
    ],
    bindings: [
      ...ledgerQueues.map(({ shard, name }) => binding(paymentsExchange, name, shardBinding(shard), vhost)),
      binding(deadLetterExchange, parkedQueue, '#', vhost),
    ],
  };
}

/** May write to the exchange of the payments, and nothing else. */
function writer({ user }: BrokerCredentials, vhost: string) {
  return { user, vhost, configure: '^$', write: exactly(paymentsExchange), read: '^$' };
}

function user({ user: name, password }: BrokerCredentials, tags: string[] = []) {
  return {
    name,
    password_hash: passwordHash(password),
    hashing_algorithm: 'rabbit_password_hashing_sha256',
    tags,
  };
}

/** base64(salt ‖ sha256(salt ‖ password)), with four bytes of salt. */
function passwordHash(password: string, salt = randomBytes(4)): string {
  return Buffer.concat([salt, createHash('sha256').update(salt).update(password).digest()]).toString(
    'base64',
  );
}

function topicExchange(name: string, vhost: string) {
  return { name, vhost, type: 'topic', durable: true, auto_delete: false, internal: false, arguments: {} };
}

function queue(name: string, vhost: string, queueArguments: Readonly<Record<string, unknown>>) {
  return { name, vhost, durable: true, auto_delete: false, arguments: queueArguments };
}

function binding(source: string, destination: string, routingKey: string, vhost: string) {
  return { source, vhost, destination, destination_type: 'queue', routing_key: routingKey, arguments: {} };
}

function exactly(name: string): string {
  return `^${name.replaceAll('.', '\\.')}$`;
}
